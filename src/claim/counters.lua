#!lua flags=no-writes
--[[
Reads the counters of one sale as they are at one moment.

KEYS  1 sale (hash)  2 stock (hash)  3 held (hash)  4 initial (hash)
Returns { sequence, settled, { SKU, pieces left, … }, { SKU, pieces claimed and not settled, … },
      { SKU, pieces ever put on sale, … } }, or nil where the sale is missing.

Atomic and repeatable: it writes nothing. Runs while memory is full.
--]]
local sale = redis.call('HMGET', KEYS[1], 'sequence', 'settled')
if not sale[1] then
  return nil
end
return {
  sale[1],
  sale[2],
  redis.call('HGETALL', KEYS[2]),
  redis.call('HGETALL', KEYS[3]),
  redis.call('HGETALL', KEYS[4]),
}
