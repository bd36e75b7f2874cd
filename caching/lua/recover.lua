-- Distrust everything that an earlier run of this server stored.
--
-- KEYS  1 where the run is recorded
-- ARGV  1 run_id of the server that answers
-- Returns 1 when the database was cleared.
--
-- A restart may bring back an old snapshot, or lose the tail of the append-only file: a value that
-- was invalidated since would rise again. The first connection to a new run clears the database.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return 0
end
redis.call('FLUSHDB', 'ASYNC')
redis.call('SET', KEYS[1], ARGV[1])
return 1
