-- Open a node again after the commit.
--
-- KEYS  1 value (or epoch, or family hash)   2 its leases   3 its fences
-- ARGV  1 token of this commit
-- Returns 1 when the fence stood to the end, 0 when it had expired or was lost.
--
-- While the fence stood nothing could be stored. If it did not, something may have been, from
-- before the commit: it goes.
if redis.call('ZREM', KEYS[3], ARGV[1]) == 1 then
  return 1
end
redis.call('UNLINK', KEYS[1], KEYS[2])
return 0
