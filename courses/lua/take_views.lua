-- Close the batch of views counted so far, or find the one whose flush was interrupted.
--
-- KEYS  1 views being counted, a hash course id -> views   2 the batch
-- ARGV  1 name for a new batch
-- Returns the batch as a flat list of fields and values, its name in the field '#id'; empty when
-- there is nothing to flush.
--
-- The batch keeps its name however often it is taken: the database knows by it whether it has been
-- added already.
if redis.call('EXISTS', KEYS[2]) == 0 then
  if redis.call('EXISTS', KEYS[1]) == 0 then
    return {}
  end
  redis.call('RENAME', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[2], '#id', ARGV[1])
end
return redis.call('HGETALL', KEYS[2])
