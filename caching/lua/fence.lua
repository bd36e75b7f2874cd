-- Close a node while a commit that changes it is in flight.
--
-- KEYS  1 value (or epoch, or family hash)   2 its leases   3 its fences
-- ARGV  1 token of this commit               2 how long the fence may outlive its process, ms
--
-- Value and leases go, so nobody reads the value and nobody who read the database earlier may
-- store. Fences are a sorted set, token -> time it expires: several commits may fence one node, and
-- each lifts its own. The set has no TTL of its own, because under a volatile-* policy a TTL would
-- make it evictable, and an evicted fence would let a reader store what the commit replaces.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('UNLINK', KEYS[1], KEYS[2])
redis.call('ZADD', KEYS[3], now + tonumber(ARGV[2]), ARGV[1])
