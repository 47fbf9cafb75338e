#!lua
--[[
Claims stock for a batch of orders of one sale, and notes which earlier claims the broker has confirmed.

KEYS  1 sale (hash)  2 stock (hash)  3 limits (hash)  4 claims (hash)  5 customers (hash)
      6 held (hash)  7 line (list)  8 unconfirmed (set); all with the sale's hash tag
ARGV  1 epoch the caller has seen
      2 C, number of transaction IDs to note as confirmed by the broker, 0 to 1,000
      3 N, number of orders, 1 to 1,000
      then four columns after the C confirmed IDs, N each:
      transaction IDs, SKUs, quantities (pieces), fingerprints ("sku quantity customer")

Returns a flat array: Redis time (ms), settled claims of the sale, opening time (ms), then one entry per order:
      > 0     claimed; the sequence number
      string  replayed; 'u' (unconfirmed) or 'a' (confirmed or settled), then the stored claim
      -1 transaction ID reused   -2 sale unavailable   -3 not open yet   -4 closed
      -5 unknown SKU             -6 customer limit     -7 sold out
  Empty where the sale is missing: nothing is known about any order then.

Atomic: everything is decided in Lua tables before the first claim is written, and no write can fail on its
data. Without `allow-oom` the server refuses the script before it starts when memory is full. Repeatable: an
order that was claimed by an earlier run is found under its transaction ID and replayed.
--]]
local call = redis.call
local sale = call('HMGET', KEYS[1], 'opens_at', 'closes_at', 'expires_at', 'epoch', 'state', 'sequence', 'settled')
if not sale[4] then
  return {}
end

local confirmed, count = tonumber(ARGV[2]), tonumber(ARGV[3])
if confirmed > 0 then
  call('SREM', KEYS[8], unpack(ARGV, 4, 3 + confirmed))
end

local id_at = 3 + confirmed
local sku_at, quantity_at, print_at = id_at + count, id_at + 2 * count, id_at + 3 * count
local known = call('HMGET', KEYS[4], unpack(ARGV, id_at + 1, id_at + count))

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local opens_at = tonumber(sale[1])
local shut = nil
if sale[5] ~= 'open' or sale[4] ~= ARGV[1] then
  shut = -2
elseif now < opens_at then
  shut = -3
elseif now >= tonumber(sale[2]) then
  shut = -4
end

local sequence = tonumber(sale[6])
-- As text from here on: Redis would format the number anew for every value it is passed in.
local claimed_at = string.format('%d', now)
local middle = ' ' .. claimed_at .. ' - '
local out = { now, tonumber(sale[7]), opens_at }
local none_pending = sale[6] == sale[7]
local left, limits, taken, had, bought = {}, {}, {}, {}, {}
local fresh, claims, ids, customers = {}, {}, {}, {}
local n = 0

local function customer_of(i)
  local sku = ARGV[sku_at + i]
  return sku .. ARGV[print_at + i]:sub(#sku + #ARGV[quantity_at + i] + 2)
end

-- One call for all customers of a limited SKU: a call costs more than what it looks up.
local function load_customers(sku)
  local fields = {}
  for i = 1, count do
    if ARGV[sku_at + i] == sku then
      fields[#fields + 1] = customer_of(i)
    end
  end
  for i, pieces in ipairs(call('HMGET', KEYS[5], unpack(fields))) do
    had[fields[i]] = tonumber(pieces or nil) or 0
  end
end

for i = 1, count do
  local id, print = ARGV[id_at + i], ARGV[print_at + i]
  local value = known[i] or fresh[id]
  if value then
    -- A claim ends in its fingerprint, which has exactly three fields: an equal ending is an equal order.
    local length = #print
    if value:sub(-length) == print and value:byte(-length - 1) == 32 then
      local unconfirmed = fresh[id] or call('SISMEMBER', KEYS[8], id) == 1
      out[i + 3] = (unconfirmed and 'u' or 'a') .. value
    else
      out[i + 3] = -1
    end
  elseif shut then
    out[i + 3] = shut
  else
    local sku = ARGV[sku_at + i]
    local pieces = left[sku]
    if pieces == nil then
      pieces = tonumber(call('HGET', KEYS[2], sku) or nil) or false
      left[sku] = pieces
      limits[sku] = tonumber(call('HGET', KEYS[3], sku) or nil)
      if limits[sku] then
        load_customers(sku)
      end
    end
    local quantity = tonumber(ARGV[quantity_at + i])
    local limit, customer, total = limits[sku], nil, nil
    if limit then
      customer = customer_of(i)
      total = (bought[customer] or had[customer]) + quantity
    end
    if not pieces then
      out[i + 3] = -5
    elseif limit and total > limit then
      out[i + 3] = -6
    elseif quantity > pieces then
      out[i + 3] = -7
    else
      sequence = sequence + 1
      left[sku] = pieces - quantity
      taken[sku] = (taken[sku] or 0) + quantity
      if customer then
        bought[customer] = total
      end
      value = sequence .. middle .. print
      fresh[id] = value
      n = n + 1
      ids[n] = id
      claims[2 * n - 1], claims[2 * n] = id, value
      out[i + 3] = sequence
    end
  end
end

if n > 0 then
  call('HSET', KEYS[1], 'sequence', sequence)
  call('HSET', KEYS[4], unpack(claims))
  call('RPUSH', KEYS[7], unpack(ids))
  call('SADD', KEYS[8], unpack(ids))
  for sku, quantity in pairs(taken) do
    call('HINCRBY', KEYS[2], sku, -quantity)
    call('HINCRBY', KEYS[6], sku, quantity)
  end
  local m = 0
  for customer, total in pairs(bought) do
    customers[m + 1], customers[m + 2] = customer, total
    m = m + 2
  end
  -- A key that came into being just now has no expiry yet. Only the unconfirmed can be none, and their key
  -- be gone, while claims are pending.
  call('PEXPIREAT', KEYS[8], sale[3], 'NX')
  if none_pending then
    call('PEXPIREAT', KEYS[4], sale[3], 'NX')
    call('PEXPIREAT', KEYS[6], sale[3], 'NX')
    call('PEXPIREAT', KEYS[7], sale[3], 'NX')
  end
  if m > 0 then
    call('HSET', KEYS[5], unpack(customers))
    call('PEXPIREAT', KEYS[5], sale[3], 'NX')
  end
end
return out
