-- Open a target again: the commit is over.
--
-- KEYS  1 value (or generation, or family hash)   2 its leases   3 its fences
-- ARGV  1 token of this commit
-- Returns 1 when the fence was there to the end, 0 when it was lost.
--
-- While the fence was there nothing could be stored. If it was lost, something may have been stored
-- from before the commit: it is deleted.
if redis.call('ZREM', KEYS[3], ARGV[1]) == 1 then
  return 1
end
redis.call('UNLINK', KEYS[1], KEYS[2])
return 0
