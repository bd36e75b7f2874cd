-- Release a lease without a value: the load failed, or the value was refused. The next reader need not wait.
--
-- KEYS  1 lease or tag
-- ARGV  1 lease
if redis.call('GET', KEYS[1]) == 'L' .. ARGV[1] then
  redis.call('DEL', KEYS[1])
end
