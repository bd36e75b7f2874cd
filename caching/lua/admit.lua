-- Tell the epoch of a pattern, beginning one where there is none.
--
-- KEYS  1 epoch   2 fences of the pattern
-- ARGV  1 name for a new epoch   2 its TTL, ms
-- Returns the epoch, or false while a commit is in flight that changes the whole pattern.
--
-- Each value is stamped with the epoch under which its reading began. Whoever invalidates the
-- pattern deletes the epoch: every stamp is void at once, however many values there are.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('EXISTS', KEYS[2]) == 1 then
  return false
end
local epoch = redis.call('GET', KEYS[1])
if not epoch then
  epoch = ARGV[1]
end
redis.call('SET', KEYS[1], epoch, 'PX', ARGV[2])
return epoch
