-- Acquire the lease to store one key.
--
-- KEYS  1 value   2 lease or tag   3 fences
-- ARGV  1 token, 16 characters   2 lease TTL, ms   3 tag of a value that may be read: 'S<shape>:<generation>:'
-- Returns {'hit', value, tag} if another reader has stored it, {'fenced'}, {'busy'} if another reader
--         holds the lease, or {'granted', lease}.
--
-- KEYS[2] is 'L<lease>' while a reader loads, and 'S<shape>:<generation>:<expires at, ms>' when there is a
-- value. The name of a lease is the token and the time: a command that is sent again because its answer
-- was lost, or that arrives late, must not restore a lease that a commit has deleted.
if redis.call('EXISTS', KEYS[3]) == 1 then
  return {'fenced'}
end
local held = redis.call('GET', KEYS[2])
if held and string.sub(held, 1, 1) == 'L' and string.sub(held, 2, #ARGV[1] + 1) ~= ARGV[1] then
  return {'busy'}
end
if held and string.sub(held, 1, #ARGV[3]) == ARGV[3] then
  local value = redis.call('GET', KEYS[1])
  if value then
    return {'hit', value, held}
  end
end
local time = redis.call('TIME')
local lease = ARGV[1] .. string.format('%.0f', time[1] * 1000000 + time[2])
redis.call('SET', KEYS[2], 'L' .. lease, 'PX', ARGV[2])
return {'granted', lease}
