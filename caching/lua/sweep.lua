-- Forget the fences of processes that died in the middle of a commit long ago.
--
-- KEYS  1 fences
-- Returns how many there were.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
