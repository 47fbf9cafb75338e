#!lua
--[[
Notes what a process says of itself, and forgets the processes that have not spoken in time.

KEYS  1 announcements (hash: process ID → "what it said forgotten-at-ms")
ARGV  1 process ID  2 what it says  3 time until it is forgotten (ms)

Atomic: one script. Repeatable: a repeat only renews the time.
--]]
local call = redis.call
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all = call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  if tonumber(all[i + 1]:match('(%d+)$')) <= now then
    call('HDEL', KEYS[1], all[i])
  end
end
call('HSET', KEYS[1], ARGV[1], string.format('%s %d', ARGV[2], now + ARGV[3]))
return 1
