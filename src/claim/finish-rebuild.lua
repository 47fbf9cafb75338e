#!lua
--[[
Sets a rebuilding sale's stock, sequence and epoch, and opens it.

KEYS  1 sale (hash)  2 stock (hash)  3 held (hash)  4 initial (hash)
ARGV  1 epoch  2 highest sequence the ledger has settled
      then per SKU: SKU, pieces left in the ledger, of which failed orders hold some, pieces ever put on sale
Returns 1 opened, 2 open already under this epoch (nothing is written), 0 the sale is missing or in another
      state.

Atomic: one script. Repeatable: an open sale is left alone, whose stock may have been claimed since. The
sequence never falls, and what the ledger settled meanwhile counts as settled, so that no place in line grows.
--]]
local call = redis.call
local sale = call('HMGET', KEYS[1], 'state', 'epoch', 'sequence', 'expires_at', 'settled')
if sale[1] == 'open' and sale[2] == ARGV[1] then
  return 2
end
if sale[1] ~= 'rebuilding' then
  return 0
end
for i = 3, #ARGV, 3 do
  call('HSET', KEYS[2], ARGV[i], ARGV[i + 1] - (call('HGET', KEYS[3], ARGV[i]) or 0))
  call('HSET', KEYS[4], ARGV[i], ARGV[i + 2])
end
call('PEXPIREAT', KEYS[4], sale[4])
call('PEXPIREAT', KEYS[2], sale[4])
local sequence = math.max(tonumber(sale[3]), tonumber(ARGV[2]))
local settled = sequence - (tonumber(sale[3]) - tonumber(sale[5]))
call('HSET', KEYS[1], 'state', 'open', 'epoch', ARGV[1], 'sequence', sequence, 'settled', settled)
return 1
