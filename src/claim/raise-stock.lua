#!lua
--[[
Raises a SKU's stock to the pieces that the ledger has ever put on sale.

KEYS  1 sale (hash)  2 stock (hash)  3 initial (hash)
ARGV  1 SKU  2 pieces ever put on sale
Returns the pieces added now, 0 where nothing is missing, -1 the SKU is not on sale here, -2 the sale is being
      rebuilt: its stock comes from the ledger.

Atomic: one script. Repeatable: the stock is raised by what the pieces ever put on sale rise by, which never fall.
--]]
local sale = redis.call('HMGET', KEYS[1], 'state', 'expires_at')
if sale[1] == 'rebuilding' then
  return -2
end
local initial = tonumber(redis.call('HGET', KEYS[3], ARGV[1]) or nil)
if not sale[1] or not initial then
  return -1
end
local more = ARGV[2] - initial
if more <= 0 then
  return 0
end
redis.call('HSET', KEYS[3], ARGV[1], ARGV[2])
redis.call('HINCRBY', KEYS[2], ARGV[1], more)
return more
