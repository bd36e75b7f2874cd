-- Tell the epoch of a pattern, beginning one where there is none.
--
-- KEYS  1 epoch   2 fences of the pattern
-- ARGV  1 token, 16 characters   2 TTL of an epoch, ms
-- Returns the epoch, or false while a commit is in flight that changes the whole pattern.
--
-- Each value is stamped with the epoch under which its reading began. Whoever invalidates the
-- pattern deletes the epoch: every stamp is void at once, however many values there are. A new epoch
-- is named after the token and the time, 16 digits of microseconds: a command that is sent again,
-- because its answer was lost, must not bring back an epoch that was deleted meanwhile.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('EXISTS', KEYS[2]) == 1 then
  return false
end
local epoch = redis.call('GET', KEYS[1])
if not epoch then
  epoch = ARGV[1] .. string.format('%.0f', time[1] * 1000000 + time[2])
end
redis.call('SET', KEYS[1], epoch, 'PX', ARGV[2])
return epoch
