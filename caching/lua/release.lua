-- Give a lease back unused: the load failed, and the next reader need not wait for it.
--
-- KEYS  1 guard
-- ARGV  1 lease
if redis.call('GET', KEYS[1]) == 'L' .. ARGV[1] then
  redis.call('DEL', KEYS[1])
end
