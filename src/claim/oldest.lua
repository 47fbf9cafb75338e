#!lua flags=no-writes
--[[
Lists the oldest claims of an index of one sale.

KEYS  1 index: pending or unconfirmed (zset)  2 claims (hash)  3 unconfirmed (zset)
ARGV  1 upper bound of the time of claim (ms since the epoch, exclusive)  2 limit, 1 to 1,000
Returns a flat array: per claim its transaction ID, and 'u' (unconfirmed) or 'a' (confirmed) followed by the
      stored claim; oldest first.

Atomic and repeatable: it writes nothing. Runs while memory is full.
--]]
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
if #ids == 0 then
  return {}
end
local claims = redis.call('HMGET', KEYS[2], unpack(ids))
local unconfirmed = redis.call('ZMSCORE', KEYS[3], unpack(ids))
local out = {}
for i = 1, #ids do
  if claims[i] then
    out[#out + 1] = ids[i]
    out[#out + 1] = (unconfirmed[i] and 'u' or 'a') .. claims[i]
  end
end
return out
