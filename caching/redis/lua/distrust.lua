-- Clear the cache if the server, or the database behind it, is not the one that filled it.
--
-- KEYS  1 where the origin is recorded
-- ARGV  1 the origin that is found now
-- Returns 1 when the cache was cleared.
--
-- A restart may bring back an old snapshot, or lose the tail of the append-only file: a value that was
-- invalidated since would come back. The first connection to a new run clears the cache.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return 0
end
redis.call('FLUSHDB', 'ASYNC')
redis.call('SET', KEYS[1], ARGV[1])
return 1
