#!lua flags=allow-oom
--[[
Moves claims of one sale to their settled state.

KEYS  1 sale (hash)  2 claims (hash)  3 held (hash)  4 line (list)  5 unconfirmed (set)
      6 stock (hash)  7 limits (hash)  8 customers (hash)
ARGV  per settlement: transaction ID, settled state as stored in the claim (state letter, time in ms, reason
      letter)
Returns { moved, unknown }: claims that changed now, and transaction IDs that the claims don't know. Where one of
      these was confirmed, Redis has lost its claim, and with it the count of its pieces: noted in the sale (`lost`).

Atomic: decided in Lua tables first, then written. Repeatable: only an unsettled claim moves, and once, except
from failed to confirmed (redriven) or to purged, which does not count as settling again; purged is final. A
failed claim keeps its pieces held, because its dead letter may be redriven. Stock, and the customer's pieces, are
given back by the move to purged only. Runs while memory is full (`allow-oom`): settling must go on, it is what
makes room.
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

local current, claims, settled, released, returned = {}, {}, {}, {}, {}
local moved, unknown, lost, n = 0, 0, 0, 0
for i = 1, count do
  local id, state = ids[i], ARGV[2 * i]
  local value = current[id] or known[i]
  if not value then
    unknown = unknown + 1
    if state:byte() == 99 then
      lost = lost + 1
    end
  else
    local head, was, rest = value:match('^(%d+ %d+ )(%S+)(.*)$')
    local first = was == '-'
    local confirmed, failed = state:byte() == 99, state:byte() == 102
    local purged = failed and state:byte(-1) == 112
    if first or (was:byte() == 102 and was:byte(-1) ~= 112 and (confirmed or purged)) then
      value = head .. state .. rest
      current[id] = value
      claims[n + 1], claims[n + 2] = id, value
      n = n + 2
      moved = moved + 1
      if first then
        settled[#settled + 1] = id
      end
      if purged or not failed then
        local sku, text, customer = rest:match('^ (%S+) (%-?%d+) (.*)$')
        local quantity = tonumber(text)
        -- The claim of a rebuild may be an order that failed for its quantity: it holds nothing.
        if quantity >= 1 and quantity <= 1000 then
          released[sku] = (released[sku] or 0) + quantity
          if purged then
            returned[#returned + 1] = { sku, quantity, sku .. ' ' .. customer }
          end
        end
      end
    end
  end
end

if lost > 0 and call('HGET', KEYS[1], 'state') == 'open' then
  call('HINCRBY', KEYS[1], 'lost', lost)
end
if n > 0 then
  call('HSET', KEYS[2], unpack(claims))
end
if #settled > 0 then
  call('SREM', KEYS[5], unpack(settled))
  call('HINCRBY', KEYS[1], 'settled', #settled)
  -- The head of the line goes as far as it has settled; what settled before its turn goes when its turn comes. Little
  -- more than what settled now: what piled up behind a head that was held up is taken off by oldest-in-line.lua.
  local gone = 0
  for i, id in ipairs(call('LRANGE', KEYS[4], 0, #settled + 16)) do
    local value = current[id] or call('HGET', KEYS[2], id)
    if value and value:find('^%d+ %d+ %- ') then
      break
    end
    gone = i
  end
  if gone > 0 then
    call('LPOP', KEYS[4], gone)
  end
end
if n > 0 then
  for sku, quantity in pairs(released) do
    call('HINCRBY', KEYS[3], sku, -quantity)
  end
end
for _, back in ipairs(returned) do
  local sku, quantity, customer = unpack(back)
  if call('HEXISTS', KEYS[6], sku) == 1 then
    call('HINCRBY', KEYS[6], sku, quantity)
  end
  if call('HEXISTS', KEYS[7], sku) == 1 and tonumber(call('HGET', KEYS[8], customer) or 0) >= quantity then
    call('HINCRBY', KEYS[8], customer, -quantity)
  end
end
return { moved, unknown }
