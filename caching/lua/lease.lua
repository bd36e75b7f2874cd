-- Ask for the right to store one key.
--
-- KEYS  1 value   2 guard   3 fences
-- ARGV  1 token   2 lease TTL, ms   3 current epoch of the pattern
-- Returns {'hit', value, stamp} when somebody stored it meanwhile, {'fenced'}, {'busy'} when another
--         reader holds the lease, or {'granted'}.
--
-- The guard holds 'L<token>' while a reader loads, and 'S<epoch>:<expires at, ms>' beside a value.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
if redis.call('EXISTS', KEYS[3]) == 1 then
  return {'fenced'}
end
local guard = redis.call('GET', KEYS[2])
if guard and string.sub(guard, 1, 1) == 'L' and guard ~= 'L' .. ARGV[1] then
  return {'busy'}
end
if guard and string.sub(guard, 2, #ARGV[3] + 2) == ARGV[3] .. ':' then
  local value = redis.call('GET', KEYS[1])
  if value then
    return {'hit', value, guard}
  end
end
redis.call('SET', KEYS[2], 'L' .. ARGV[1], 'PX', ARGV[2])
return {'granted'}
