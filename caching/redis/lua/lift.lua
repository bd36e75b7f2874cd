-- Remove the fence of a commit that is over.
--
-- KEYS  1 value (or generation, or family hash)   2 its leases   3 its fences
-- ARGV  1 token of this commit
-- Returns 1 if the fence still existed, 0 if it was lost.
--
-- While the fence existed, no value could be stored. If it was lost, a value from before the commit may
-- have been stored, so the value is deleted.
if redis.call('ZREM', KEYS[3], ARGV[1]) == 1 then
  return 1
end
redis.call('UNLINK', KEYS[1], KEYS[2])
return 0
