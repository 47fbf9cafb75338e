#!lua
--[[
Creates a sale's keys or updates what may change: times, limits, new SKUs.

KEYS  1 sale (hash)  2 stock (hash)  3 limits (hash)  4 held (hash)  5 initial (hash)
      6.. all other keys of the sale
ARGV  1 opens at (ms)  2 closes at (ms)  3 keys expire at (ms)  4 epoch  5 state for a sale that is new
      6 '1' to put a sale that exists into that state and epoch too, else '0'
      then per SKU: SKU, pieces left in the ledger, pieces ever put on sale, customer limit (pieces, '' for none)
Returns { state, epoch } as they are now.

Atomic: one script. Repeatable: sequence, settled, and what is left of a SKU, are set where they are missing. Of a
SKU that is there the stock only rises, by what the pieces ever put on sale have risen by. The rest is overwritten
with the same.
--]]
local call = redis.call
call('HSET', KEYS[1], 'opens_at', ARGV[1], 'closes_at', ARGV[2], 'expires_at', ARGV[3])
call('HSETNX', KEYS[1], 'sequence', 0)
call('HSETNX', KEYS[1], 'settled', 0)
if ARGV[6] == '1' then
  call('HSET', KEYS[1], 'state', ARGV[5], 'epoch', ARGV[4])
  call('HDEL', KEYS[1], 'lost')
else
  call('HSETNX', KEYS[1], 'state', ARGV[5])
  call('HSETNX', KEYS[1], 'epoch', ARGV[4])
end
call('DEL', KEYS[3])
for i = 7, #ARGV, 4 do
  local sku, initial = ARGV[i], tonumber(ARGV[i + 2])
  local before = tonumber(call('HGET', KEYS[5], sku) or nil)
  -- Failed orders may hold pieces of a SKU that nobody knew.
  local new = call('HSETNX', KEYS[2], sku, ARGV[i + 1] - (call('HGET', KEYS[4], sku) or 0)) == 1
  if not new and before and initial > before then
    call('HINCRBY', KEYS[2], sku, initial - before)
  end
  if new or not before or initial > before then
    call('HSET', KEYS[5], sku, initial)
  end
  if ARGV[i + 3] ~= '' then
    call('HSET', KEYS[3], sku, ARGV[i + 3])
  end
end
for i = 1, #KEYS do
  call('PEXPIREAT', KEYS[i], ARGV[3])
end
return call('HMGET', KEYS[1], 'state', 'epoch')
