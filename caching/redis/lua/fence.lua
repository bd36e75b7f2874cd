-- Close a target while a commit that changes it is in flight.
--
-- KEYS  1 value (or generation, or family hash)   2 its leases   3 its fences
-- ARGV  1 token of this commit   2 ms after which somebody looks whether the commit is over
--
-- Value and leases go, so no reader gets the value, and no reader that read the database earlier can
-- store. Fences are a sorted set, token -> time at which it is looked at: several commits may close one
-- target, and each removes its own. A fence never expires: it is removed when its transaction is known
-- to have ended. The set has no TTL, because under a volatile-* policy a TTL would make it evictable.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('UNLINK', KEYS[1], KEYS[2])
redis.call('ZADD', KEYS[3], now + tonumber(ARGV[2]), ARGV[1])
