#!lua
--[[
Changes one sale's entry in the catalogue and raises the catalogue's version.

KEYS  1 catalogue (hash)
ARGV  1 sale ID
      2 what the sale is, as JSON; '' to leave it
      3 "state epoch"; '' to leave it
      4 '1' to set the state only where there is none, else '0'
      With 2 and 3 empty the entry is removed.
Returns the new version: Redis time in ms, or one more than the last where that is greater, so that it rises
      even across a wipe.

Atomic: one script. Repeatable: a repeat only raises the version again.
--]]
local call = redis.call
local id, about, state = ARGV[1], ARGV[2], ARGV[3]
if about == '' and state == '' then
  call('HDEL', KEYS[1], id, id .. '#state')
end
if about ~= '' then
  call('HSET', KEYS[1], id, about)
end
if state ~= '' then
  call(ARGV[4] == '1' and 'HSETNX' or 'HSET', KEYS[1], id .. '#state', state)
end
local time = call('TIME')
local version = math.max(
  (tonumber(call('HGET', KEYS[1], '#version') or nil) or 0) + 1,
  time[1] * 1000 + math.floor(time[2] / 1000)
)
call('HSET', KEYS[1], '#version', string.format('%d', version))
return version
