-- Give a member's lease back unused.
--
-- KEYS  1 leases
-- ARGV  1 lease   2 member
local lease = redis.call('HGET', KEYS[1], ARGV[2])
if lease and string.match(lease, '^%d+:(.*)$') == ARGV[1] then
  redis.call('HDEL', KEYS[1], ARGV[2])
end
