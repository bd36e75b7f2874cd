-- Invalidate a node whose change is already committed.
--
-- KEYS  1 value (or epoch, or family hash)   2 its leases   3 its fences, left as they are
redis.call('UNLINK', KEYS[1], KEYS[2])
