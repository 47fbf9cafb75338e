#!lua flags=allow-oom
--[[
Moves claims of one sale to their settled state.

KEYS  1 sale (hash)  2 claims (hash)  3 held (hash)  4 pending (zset)  5 unconfirmed (zset)
ARGV  per settlement: transaction ID, settled state as stored in the claim (state letter, time in ms, reason
      letter)
Returns { moved, unknown }: claims that changed now, and transaction IDs that the claims don't know.

Atomic: decided in Lua tables first, then written. Repeatable: only an unsettled claim moves, and once; the one
way back is from failed to confirmed (a redriven order), which does not count as settling again. A failed claim
keeps its pieces held, because its dead letter may be redriven. Stock is never credited. Runs while memory is full (`allow-oom`): settling must go on, it is what makes room.
--]]
local call = redis.call
local count = #ARGV / 2
if call('EXISTS', KEYS[1]) == 0 then
  return { 0, count }
end
local ids = {}
for i = 1, count do
  ids[i] = ARGV[2 * i - 1]
end
local known = call('HMGET', KEYS[2], unpack(ids))

local current, claims, settled, released = {}, {}, {}, {}
local moved, unknown, n = 0, 0, 0
for i = 1, count do
  local id, state = ids[i], ARGV[2 * i]
  local value = current[id] or known[i]
  if not value then
    unknown = unknown + 1
  else
    local head, was, rest = value:match('^(%d+ %d+ )(%S+)(.*)$')
    local first = was == '-'
    if first or (was:byte() == 102 and state:byte() == 99) then
      value = head .. state .. rest
      current[id] = value
      claims[n + 1], claims[n + 2] = id, value
      n = n + 2
      moved = moved + 1
      if first then
        settled[#settled + 1] = id
      end
      if state:byte() ~= 102 then
        local sku, quantity = rest:match('^ (%S+) (%d+) ')
        released[sku] = (released[sku] or 0) + quantity
      end
    end
  end
end

if n > 0 then
  call('HSET', KEYS[2], unpack(claims))
end
if #settled > 0 then
  call('ZREM', KEYS[4], unpack(settled))
  call('ZREM', KEYS[5], unpack(settled))
  call('HINCRBY', KEYS[1], 'settled', #settled)
end
if n > 0 then
  for sku, quantity in pairs(released) do
    call('HINCRBY', KEYS[3], sku, -quantity)
  end
end
return { moved, unknown }
