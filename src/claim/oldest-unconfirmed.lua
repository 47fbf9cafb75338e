#!lua flags=no-writes
--[[
Lists the oldest claims of one sale without a broker's confirm on record.

KEYS  1 unconfirmed (set)  2 claims (hash)
ARGV  1 upper bound of the time of claim (ms since the epoch, exclusive)  2 limit, 1 to 1,000
Returns a flat array: per claim its transaction ID, and 'u' followed by the stored claim; oldest first.

As a rule these are the few that are on their way to the broker. Of more than 5,000 some are drawn by lot: once
those that were found are confirmed, another call finds the next.

Atomic and repeatable: it writes nothing. Runs while memory is full.
--]]
local call = redis.call
local before, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local ids = call('SRANDMEMBER', KEYS[1], 5000)
if #ids == 0 then
  return {}
end
local old = {}
for i, claim in ipairs(call('HMGET', KEYS[2], unpack(ids))) do
  local sequence, claimed_at = (claim or ''):match('^(%d+) (%d+) %- ')
  if sequence and tonumber(claimed_at) < before then
    old[#old + 1] = { tonumber(sequence), ids[i], 'u' .. claim }
  end
end
table.sort(old, function(a, b)
  return a[1] < b[1]
end)
local out = {}
for i = 1, math.min(limit, #old) do
  out[2 * i - 1], out[2 * i] = old[i][2], old[i][3]
end
return out
