#!lua
--[[
Creates a sale's keys or updates what may change: times, limits, new SKUs.

KEYS  1 sale (hash)  2 stock (hash)  3 limits (hash)  4 held (hash)  5.. all other keys of the sale
ARGV  1 opens at (ms)  2 closes at (ms)  3 keys expire at (ms)  4 epoch  5 state for a sale that is new
      6 '1' to put a sale that exists into that state and epoch too, else '0'
      then per SKU: SKU, stock (pieces) for a SKU that is new, customer limit (pieces, '' for none)
Returns { state, epoch } as they are now.

Atomic: one script. Repeatable: stock, sequence and settled are set where they are missing and left alone
where they are not; the rest is overwritten with the same.
--]]
local call = redis.call
call('HSET', KEYS[1], 'opens_at', ARGV[1], 'closes_at', ARGV[2], 'expires_at', ARGV[3])
call('HSETNX', KEYS[1], 'sequence', 0)
call('HSETNX', KEYS[1], 'settled', 0)
if ARGV[6] == '1' then
  call('HSET', KEYS[1], 'state', ARGV[5], 'epoch', ARGV[4])
else
  call('HSETNX', KEYS[1], 'state', ARGV[5])
  call('HSETNX', KEYS[1], 'epoch', ARGV[4])
end
call('DEL', KEYS[3])
for i = 7, #ARGV, 3 do
  -- Failed orders may hold pieces of a SKU that nobody knew.
  call('HSETNX', KEYS[2], ARGV[i], ARGV[i + 1] - (call('HGET', KEYS[4], ARGV[i]) or 0))
  if ARGV[i + 2] ~= '' then
    call('HSET', KEYS[3], ARGV[i], ARGV[i + 2])
  end
end
for i = 1, #KEYS do
  call('PEXPIREAT', KEYS[i], ARGV[3])
end
return call('HMGET', KEYS[1], 'state', 'epoch')
