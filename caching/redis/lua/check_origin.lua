-- Clear the cache if it was filled from another database than the present one.
--
-- KEYS  1 record of the origin
-- ARGV  1 present origin
-- Returns 1 if the cache was cleared, otherwise 0.
--
-- If there is no record, the cache was cleared since (distrust.lua) and contains no older values.
local known = redis.call('GET', KEYS[1])
if known == ARGV[1] then
  return 0
end
if known then
  redis.call('FLUSHDB', 'ASYNC')
end
redis.call('SET', KEYS[1], ARGV[1])
return known and 1 or 0
