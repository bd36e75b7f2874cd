-- Clear the cache if it was filled from another database than the one that is there now.
--
-- KEYS  1 where the origin is recorded
-- ARGV  1 the origin that is found now
-- Returns 1 when the cache was cleared.
--
-- Without a record the cache was cleared since (distrust.lua), and holds nothing older.
local known = redis.call('GET', KEYS[1])
if known == ARGV[1] then
  return 0
end
if known then
  redis.call('FLUSHDB', 'ASYNC')
end
redis.call('SET', KEYS[1], ARGV[1])
return known and 1 or 0
