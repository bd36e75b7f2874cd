-- Look one field of a family up; if there is no value, acquire the lease to store one.
--
-- KEYS  1 family hash   2 leases, a hash: field -> '<expires at, ms>:<lease>'   3 fences
-- ARGV  1 token   2 lease TTL, ms   3 field   4 maximum number of leases at a time   5 shape
-- Returns {'hit', value, tag}, {'fenced'}, {'busy'}, {'full'} or {'granted', lease}.
--
-- The hash maps '<field>' -> value and '#<field>' -> tag: '<shape>:<slot>:<expires at, ms>'.
-- The name of a lease is the token and the time, as in lease.lua.
if redis.call('EXISTS', KEYS[3]) == 1 then
  return {'fenced'}
end
local stored = redis.call('HMGET', KEYS[1], ARGV[3], '#' .. ARGV[3])
if stored[1] and stored[2] and string.sub(stored[2], 1, #ARGV[5] + 1) == ARGV[5] .. ':' then
  return {'hit', stored[1], stored[2]}
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HGET', KEYS[2], ARGV[3])
if held then
  local expires, lease = string.match(held, '^(%d+):(.*)$')
  if tonumber(expires) > now and string.sub(lease, 1, #ARGV[1]) ~= ARGV[1] then
    return {'busy'}
  end
elseif redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[4]) then
  return {'full'}
end
local lease = ARGV[1] .. string.format('%.0f', time[1] * 1000000 + time[2])
redis.call('HSET', KEYS[2], ARGV[3], string.format('%.0f:%s', now + tonumber(ARGV[2]), lease))
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {'granted', lease}
