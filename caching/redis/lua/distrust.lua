-- Clear the cache if the server, or the database behind it, is not the one that filled it.
--
-- KEYS  1 record of the origin
-- ARGV  1 present origin
-- Returns 1 if the cache was cleared, otherwise 0.
--
-- A restart may restore an old snapshot, or lose the end of the append-only file. Then a value that was
-- invalidated since would exist again. So the first connection to a new run clears the cache.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return 0
end
redis.call('FLUSHDB', 'ASYNC')
redis.call('SET', KEYS[1], ARGV[1])
return 1
