-- Moving-window rate limits: one atomic decision for all the scopes of a request.
--
-- KEYS[1]    the index: a sorted set, member = key of a log, score = when to look at it again
-- KEYS[1+i]  the log of scope i: a list of the times at which requests passed, oldest first;
--            named throttle:<window in seconds>:<scope>:<client>
-- ARGV[i]    the limit of scope i: requests in any one window
--
-- Returns {wait, left 1, reset 1, left 2, reset 2, ...}, times in microseconds:
--   wait   0: the request passes, and is in every log. Otherwise it is refused, is in no log, and
--          would pass that much later
--   left   how many more requests scope i would let pass now
--   reset  how long until the oldest request leaves the window of scope i, making room for one
--
-- Reasons:
-- * Times only grow, so the window's edge is at the head of a list. A sorted set would take half as
--   long again and many times the memory.
-- * All or nothing: a request that one scope refuses does not count in the others.
-- * The clock is that of Redis, so web servers whose clocks differ share one window.
-- * A log has no TTL. The eviction policy is volatile-*: a key with a TTL may be evicted, and then
--   a client would be let through. Instead the index says which logs may have ended, and each call
--   looks at one more of them than it can have added: so it drains, however many clients there were.

local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]

local function window_of(key)
  return string.match(key, '^throttle:(%d+):') * 1000000
end

local function time_at(key, position)
  return tonumber(redis.call('LINDEX', key, position) or nil)
end

local reply = {0}
for i = 2, #KEYS do
  local key, limit, window = KEYS[i], tonumber(ARGV[i - 1]), window_of(KEYS[i])
  local oldest = time_at(key, 0)
  -- A time beyond now + window: the clock was set back, and the client must not wait for it.
  while oldest and (oldest <= now - window or oldest > now + window) do
    redis.call('LPOP', key)
    oldest = time_at(key, 0)
  end
  local used = oldest and redis.call('LLEN', key) or 0
  if used >= limit then
    -- When the limit has just been lowered, more than one request has to leave.
    local blocking = limit > 0 and time_at(key, used - limit) or now
    reply[1] = math.max(reply[1], blocking + window - now)
  end
  reply[2 * i - 2] = math.max(limit - used, 0)
  reply[2 * i - 1] = (oldest or now) + window - now
end

if reply[1] == 0 then
  for i = 2, #KEYS do
    if redis.call('RPUSH', KEYS[i], now) == 1 then
      redis.call('ZADD', KEYS[1], now + window_of(KEYS[i]), KEYS[i])
    end
    reply[2 * i - 2] = reply[2 * i - 2] - 1
  end
end

for _, key in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, #KEYS)) do
  local newest = time_at(key, -1)
  if newest and newest + window_of(key) > now then
    redis.call('ZADD', KEYS[1], newest + window_of(key), key)
  else
    redis.call('DEL', key)
    redis.call('ZREM', KEYS[1], key)
  end
end

return reply
