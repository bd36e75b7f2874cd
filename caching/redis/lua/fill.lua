-- Store a value if the lease under which it was loaded is still held.
--
-- KEYS  1 value   2 lease or tag
-- ARGV  1 lease   2 value   3 TTL, ms   4 tag: 'S<shape>:<generation>:'
-- Returns 1 if stored, 0 if the lease no longer exists: a commit has fenced the key, or the lease expired.
if redis.call('GET', KEYS[2]) ~= 'L' .. ARGV[1] then
  return 0
end
local time = redis.call('TIME')
local expires = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('SET', KEYS[2], string.format('%s%.0f', ARGV[4], expires), 'PX', ARGV[3])
return 1
