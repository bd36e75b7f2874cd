-- Count a request in its rate limits; if it passes, look the value up, or acquire the lease to store one; if
-- there is a value, count the read.
--
-- The functions look and throttle precede this text (exchange.py): they are the scripts of caching/ and
-- ratelimit/.
-- KEYS  those of look, those of throttle (index and logs), and the hash of the counter or an unused name
-- ARGV  1 number of look's keys   2 number of look's arguments   3 number of limits
--       4 database of the cache   5 database of the limits and of the counter
--       6 field of the counter, '' to count nothing   7… arguments of look, then limits
-- Returns {what look returns, throttle's reply…}; {false, throttle's reply…} if the request is refused.
local function part(list, first, count)
  local found = {}
  for i = 1, count do
    found[i] = list[first + i - 1]
  end
  return found
end

local keys, arguments, limits = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
redis.call('SELECT', ARGV[5])  -- until the end of the script
local decision = {0}
if limits > 0 then
  decision = throttle(part(KEYS, keys + 1, limits + 1), part(ARGV, 7 + arguments, limits))
end
if decision[1] > 0 then
  return {false, unpack(decision)}
end
redis.call('SELECT', ARGV[4])
local found = look(part(KEYS, 1, keys), part(ARGV, 7, arguments))
if found[1] == 'hit' and ARGV[6] ~= '' then
  redis.call('SELECT', ARGV[5])
  redis.call('HINCRBY', KEYS[#KEYS], ARGV[6], 1)
end
return {found, unpack(decision)}
