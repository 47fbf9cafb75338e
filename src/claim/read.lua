#!lua flags=no-writes
--[[
Reads claims of one sale as they are at one moment.

KEYS  1 sale (hash)  2 claims (hash)  3 unconfirmed (set)
ARGV  transaction IDs, 1 to 1,000
Returns an array: settled claims of the sale (-1 where it is missing or being rebuilt), then per ID either nil or 'u'
      (unconfirmed) or 'a' (confirmed or settled) followed by the stored claim.

Atomic and repeatable: it writes nothing. Runs while memory is full.
--]]
local sale = redis.call('HMGET', KEYS[1], 'state', 'settled')
local known = redis.call('HMGET', KEYS[2], unpack(ARGV))
local unconfirmed = redis.call('SMISMEMBER', KEYS[3], unpack(ARGV))
local out = { sale[1] == 'open' and tonumber(sale[2]) or -1 }
for i = 1, #ARGV do
  out[i + 1] = known[i] and (unconfirmed[i] == 1 and 'u' or 'a') .. known[i]
end
return out
