-- Return the generation of a key pattern; begin one if there is none.
--
-- KEYS  1 generation   2 fences of the pattern
-- ARGV  1 token, 16 characters   2 TTL of a generation, ms
-- Returns the generation, or false while a commit that changes the whole pattern is in flight.
--
-- Each value is tagged with the generation under which its load began. To invalidate the pattern, a commit
-- deletes the generation: every tag becomes invalid at once, whatever the number of values. The name of a
-- generation is the token and the time, 16 digits of microseconds: a command that is sent again because
-- its answer was lost must not restore a generation that was deleted since.
if redis.call('EXISTS', KEYS[2]) == 1 then
  return false
end
local generation = redis.call('GET', KEYS[1])
if not generation then
  local time = redis.call('TIME')
  generation = ARGV[1] .. string.format('%.0f', time[1] * 1000000 + time[2])
end
redis.call('SET', KEYS[1], generation, 'PX', ARGV[2])
return generation
