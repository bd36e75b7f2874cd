-- Return the generation of a key pattern, beginning one where there is none.
--
-- KEYS  1 generation   2 fences of the pattern
-- ARGV  1 token, 16 characters   2 TTL of a generation, ms
-- Returns the generation, or false while a commit is in flight that changes the whole pattern.
--
-- Each value is tagged with the generation under which its load began. To invalidate the pattern, the
-- generation is deleted: every tag is void at once, however many values there are. A new generation is
-- named after the token and the time, 16 digits of microseconds: a command that is sent again because
-- its answer was lost must not bring back a generation that was deleted since.
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
