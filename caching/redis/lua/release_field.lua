-- Release the lease of one field of a family without a value.
--
-- KEYS  1 leases
-- ARGV  1 lease   2 field
local held = redis.call('HGET', KEYS[1], ARGV[2])
if held and string.match(held, '^%d+:(.*)$') == ARGV[1] then
  redis.call('HDEL', KEYS[1], ARGV[2])
end
