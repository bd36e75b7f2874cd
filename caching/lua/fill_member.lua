-- Store one member of a family, if the lease under which it was read is still held.
--
-- KEYS  1 family hash   2 leases
-- ARGV  1 lease   2 value   3 TTL of the family, ms   4 member   5 how many members it may hold
-- Returns 1 when stored, 0 when the lease is gone, 2 when the family is full.
--
-- The family expires as a whole, TTL after its first member was stored: '#expires' tells when.
local lease = redis.call('HGET', KEYS[2], ARGV[4])
if not lease or string.match(lease, '^%d+:(.*)$') ~= ARGV[1] then
  return 0
end
redis.call('HDEL', KEYS[2], ARGV[4])
local members = redis.call('HLEN', KEYS[1])
if members > tonumber(ARGV[5]) then
  return 2
end
if members == 0 then
  local time = redis.call('TIME')
  local expires = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])
  redis.call('HSET', KEYS[1], '#expires', string.format('%.0f', expires))
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
redis.call('HSET', KEYS[1], ARGV[4], ARGV[2])
return 1
