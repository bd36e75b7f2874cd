-- Fence a target while a commit that changes it is in flight.
--
-- KEYS  1 value (or generation, or family hash)   2 its leases   3 its fences
-- ARGV  1 token of this commit   2 ms until the fence is overdue
--
-- The value and its leases are deleted: no reader gets the value, and no reader that read the database
-- before can store. Fences are a sorted set, token -> time at which it is overdue: several commits may
-- fence one target, and each removes its own fence. A fence never expires: it is removed when its
-- transaction is known to be over. The set has no TTL: with one, a volatile-* policy could evict it.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('UNLINK', KEYS[1], KEYS[2])
redis.call('ZADD', KEYS[3], now + tonumber(ARGV[2]), ARGV[1])
