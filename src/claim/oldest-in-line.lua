#!lua flags=allow-oom
--[[
Lists the oldest claims of one sale that have not settled.

KEYS  1 line (list)  2 claims (hash)  3 unconfirmed (set)
ARGV  1 upper bound of the time of claim (ms since the epoch, exclusive)  2 limit, 1 to 1,000
      3 '1' to take what has settled off the head of the line too, '0' to write nothing
Returns a flat array: per claim its transaction ID, and 'u' (unconfirmed) or 'a' (confirmed) followed by the
      stored claim; oldest first.

Behind a claim that was held up there may be any number that have settled before their turn. At most 20,000 entries
are looked at, about 10 ms. As long as the head is taken off, a later call gets to every claim: those that were found
settle, and the settled ones before the next go.

Atomic: one script. Repeatable: it changes nothing but what is of no use. Runs while memory is full (`allow-oom`): it
makes room.
--]]
local call = redis.call
local before, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local page = 1000
local out, found, settled_head, from = {}, 0, 0, 0

local function done()
  if settled_head > 0 and ARGV[3] == '1' then
    call('LPOP', KEYS[1], settled_head)
  end
  return out
end

for _ = 1, 20 do
  local ids = call('LRANGE', KEYS[1], from, from + page - 1)
  if #ids == 0 then
    return done()
  end
  local claims = call('HMGET', KEYS[2], unpack(ids))
  local unconfirmed = call('SMISMEMBER', KEYS[3], unpack(ids))
  for i, id in ipairs(ids) do
    local claimed_at = claims[i] and claims[i]:match('^%d+ (%d+) %- ')
    if not claimed_at then
      if settled_head == from + i - 1 then
        settled_head = from + i
      end
    elseif tonumber(claimed_at) >= before then
      return done()
    else
      out[#out + 1] = id
      out[#out + 1] = (unconfirmed[i] == 1 and 'u' or 'a') .. claims[i]
      found = found + 1
      if found == limit then
        return done()
      end
    end
  end
  from = from + page
end
return done()
