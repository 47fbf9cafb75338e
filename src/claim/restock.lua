#!lua
--[[
Adds pieces to a SKU once per restock ID.

KEYS  1 sale (hash)  2 stock (hash)  3 restocks (set)
ARGV  1 restock ID  2 SKU  3 pieces
Returns 1 added, 0 added before under this ID, -1 the sale or its SKU is missing.

Atomic: one script. Repeatable: the restock ID is remembered with the same write.
--]]
local expires_at = redis.call('HGET', KEYS[1], 'expires_at')
if not expires_at or redis.call('HEXISTS', KEYS[2], ARGV[2]) == 0 then
  return -1
end
if redis.call('SADD', KEYS[3], ARGV[1]) == 0 then
  return 0
end
redis.call('PEXPIREAT', KEYS[3], expires_at)
redis.call('HINCRBY', KEYS[2], ARGV[2], ARGV[3])
return 1
