-- Invalidate a target whose change is already committed. Its fences are kept.
--
-- KEYS  1 value (or generation, or family hash)   2 its leases   3 its fences
redis.call('UNLINK', KEYS[1], KEYS[2])
