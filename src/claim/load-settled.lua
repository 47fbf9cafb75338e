#!lua
--[[
Puts settled orders back into the claims of a sale that is rebuilding.

KEYS  1 sale (hash)  2 claims (hash)  3 limits (hash)  4 customers (hash)  5 held (hash)
ARGV  per order: transaction ID, claim as stored, customer's field ("sku customer"), SKU, pieces to count for
      the customer (confirmed, or held), pieces to hold (of an order that failed and was not purged)
Returns 1, or 0 where the sale is missing or not rebuilding; nothing is written then.

Atomic: one script. Repeatable: an order that is there already is neither written nor counted again.
--]]
local call = redis.call
local sale = call('HMGET', KEYS[1], 'state', 'expires_at')
if sale[1] ~= 'rebuilding' then
  return 0
end
for i = 1, #ARGV, 6 do
  if call('HSETNX', KEYS[2], ARGV[i], ARGV[i + 1]) == 1 and ARGV[i + 4] ~= '0' then
    if call('HEXISTS', KEYS[3], ARGV[i + 3]) == 1 then
      call('HINCRBY', KEYS[4], ARGV[i + 2], ARGV[i + 4])
    end
    if ARGV[i + 5] ~= '0' then
      call('HINCRBY', KEYS[5], ARGV[i + 3], ARGV[i + 5])
    end
  end
end
call('PEXPIREAT', KEYS[2], sale[2])
call('PEXPIREAT', KEYS[4], sale[2])
call('PEXPIREAT', KEYS[5], sale[2])
return 1
