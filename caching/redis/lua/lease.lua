-- Look a key up; if there is no value, acquire the lease to store one.
--
-- KEYS  1 value   2 lease or tag   3 fences   4 generation, if it is not in the argument
-- ARGV  1 token, 16 characters   2 lease TTL, ms   3 tag of a value that may be read: 'S<shape>:<generation>:'
-- Returns {'hit', value, tag, generation} if there is a value, {'fenced'}, {'busy'} if another reader holds
--         the lease, {'granted', lease, generation}, or {'unknown'} if there is no generation.
--
-- KEYS[2] is 'L<lease>' while a reader loads, and 'S<shape>:<generation>:<expires at, ms>' when there is a
-- value. The name of a lease is the token and the time: a command that is sent again because its answer
-- was lost, or that arrives late, must not restore a lease that a commit has deleted.
if redis.call('EXISTS', KEYS[3]) == 1 then
  return {'fenced'}
end
local generation, tag = false, ARGV[3]
if KEYS[4] then
  generation = redis.call('GET', KEYS[4])
  if not generation then
    return {'unknown'}
  end
  tag = tag .. generation .. ':'
end
local held = redis.call('GET', KEYS[2])
if held and string.sub(held, 1, 1) == 'L' and string.sub(held, 2, #ARGV[1] + 1) ~= ARGV[1] then
  return {'busy'}
end
if held and string.sub(held, 1, #tag) == tag then
  local value = redis.call('GET', KEYS[1])
  if value then
    return {'hit', value, held, generation}
  end
end
local time = redis.call('TIME')
local lease = ARGV[1] .. string.format('%.0f', time[1] * 1000000 + time[2])
redis.call('SET', KEYS[2], 'L' .. lease, 'PX', ARGV[2])
return {'granted', lease, generation}
