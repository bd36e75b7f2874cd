-- Delete a batch of views that has been added to the database.
--
-- KEYS  1 the batch
-- ARGV  1 its name
--
-- A slow flush must not delete the batch that another has begun since: hence the name.
if redis.call('HGET', KEYS[1], '#id') == ARGV[1] then
  redis.call('UNLINK', KEYS[1])
end
