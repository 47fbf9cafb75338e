#!lua
--[[
Gives a failed order the claim that it lacks: one that came into the queue without a claim, or whose claim Redis has
forgotten. So its shopper can ask for it, and nobody else is sold the pieces that a redrive will need.

KEYS  1 sale (hash)  2 stock (hash)  3 limits (hash)  4 claims (hash)  5 customers (hash)  6 held (hash)
ARGV  1 transaction ID  2 claim as stored (failed)  3 fingerprint  4 SKU  5 customer's field ("sku customer")
      6 pieces to hold (0: none)
Returns 1 held now, 2 a claim of this order is there (nothing is written), 0 the sale is missing or not open,
      -1 another order has the transaction ID, -2 customer limit, -3 sold out.

Atomic: one script, decided before the first write. Repeatable: an order with a claim is left alone.
--]]
local call = redis.call
local sale = call('HMGET', KEYS[1], 'state', 'expires_at')
if sale[1] ~= 'open' then
  return 0
end
local id, value, print, sku, customer, pieces = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local known = call('HGET', KEYS[4], id)
if known then
  return known:sub(-#print - 1) == ' ' .. print and 2 or -1
end
if pieces > 0 then
  local limit = tonumber(call('HGET', KEYS[3], sku) or nil)
  if limit and (tonumber(call('HGET', KEYS[5], customer) or nil) or 0) + pieces > limit then
    return -2
  end
  local left = tonumber(call('HGET', KEYS[2], sku) or nil)
  if left and left < pieces then
    return -3
  end
  if limit then
    call('HINCRBY', KEYS[5], customer, pieces)
    call('PEXPIREAT', KEYS[5], sale[2], 'NX')
  end
  -- A SKU that Redis does not know yet gets its stock, less what is held of it, when it is put on sale.
  if left then
    call('HINCRBY', KEYS[2], sku, -pieces)
  end
  call('HINCRBY', KEYS[6], sku, pieces)
  call('PEXPIREAT', KEYS[6], sale[2], 'NX')
end
call('HSET', KEYS[4], id, value)
call('PEXPIREAT', KEYS[4], sale[2], 'NX')
return 1
