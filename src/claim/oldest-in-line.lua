#!lua flags=no-writes
--[[
Lists the oldest claims of one sale that have not settled.

KEYS  1 line (list)  2 claims (hash)  3 unconfirmed (set)
ARGV  1 upper bound of the time of claim (ms since the epoch, exclusive)  2 limit, 1 to 1,000
Returns a flat array: per claim its transaction ID, and 'u' (unconfirmed) or 'a' (confirmed) followed by the
      stored claim; oldest first.

Behind a claim that is held up there may be any number that have settled before their turn. At most 20,000 are
looked at, about 10 ms: once those that were found have settled, the next call gets further.

Atomic and repeatable: it writes nothing. Runs while memory is full.
--]]
local call = redis.call
local before, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local page = 1000
local out, found = {}, 0
for from = 0, 19 * page, page do
  local ids = call('LRANGE', KEYS[1], from, from + page - 1)
  if #ids == 0 then
    return out
  end
  local claims = call('HMGET', KEYS[2], unpack(ids))
  local unconfirmed = call('SMISMEMBER', KEYS[3], unpack(ids))
  for i, id in ipairs(ids) do
    local claimed_at = claims[i] and claims[i]:match('^%d+ (%d+) %- ')
    if claimed_at then
      if tonumber(claimed_at) >= before then
        return out
      end
      out[#out + 1] = id
      out[#out + 1] = (unconfirmed[i] == 1 and 'u' or 'a') .. claims[i]
      found = found + 1
      if found == limit then
        return out
      end
    end
  end
end
return out
