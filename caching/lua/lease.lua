-- Ask for the right to store one key.
--
-- KEYS  1 value   2 guard   3 fences
-- ARGV  1 token, 16 characters   2 lease TTL, ms   3 current epoch of the pattern
-- Returns {'hit', value, stamp} when somebody stored it meanwhile, {'fenced'}, {'busy'} when another
--         reader holds the lease, or {'granted', lease}.
--
-- The guard holds 'L<lease>' while a reader loads, and 'S<epoch>:<expires at, ms>' beside a value.
-- A lease is named after the token and the time: a command that is sent again, because its answer was
-- lost, or that arrives late, must not bring back a lease that a commit has taken away.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
if redis.call('EXISTS', KEYS[3]) == 1 then
  return {'fenced'}
end
local guard = redis.call('GET', KEYS[2])
if guard and string.sub(guard, 1, 1) == 'L' and string.sub(guard, 2, #ARGV[1] + 1) ~= ARGV[1] then
  return {'busy'}
end
if guard and string.sub(guard, 2, #ARGV[3] + 2) == ARGV[3] .. ':' then
  local value = redis.call('GET', KEYS[1])
  if value then
    return {'hit', value, guard}
  end
end
local lease = ARGV[1] .. string.format('%.0f', time[1] * 1000000 + time[2])
redis.call('SET', KEYS[2], 'L' .. lease, 'PX', ARGV[2])
return {'granted', lease}
