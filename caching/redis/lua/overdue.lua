-- Return the overdue fences of a target: the commit takes longer than expected, or its process was killed.
--
-- KEYS  1 fences
-- Returns their tokens.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)
