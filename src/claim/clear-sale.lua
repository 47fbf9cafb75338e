#!lua flags=allow-oom
--[[
Drops what Redis holds of a sale that is rebuilding.

KEYS  1 sale (hash)  2.. the keys to drop
Returns 1, or 0 where the sale is missing or not rebuilding; nothing is dropped then.

Atomic: one script; UNLINK frees the memory outside of it. Repeatable: what is gone stays gone. The sequence
stays, so that no number is given twice, and nothing of it is waiting any more. Runs while memory is full
(`allow-oom`): it makes room.
--]]
local sale = redis.call('HMGET', KEYS[1], 'state', 'sequence')
if sale[1] ~= 'rebuilding' then
  return 0
end
redis.call('UNLINK', unpack(KEYS, 2))
redis.call('HSET', KEYS[1], 'settled', sale[2])
return 1
