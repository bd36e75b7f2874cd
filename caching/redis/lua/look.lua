-- Read one key, if it may be read: for exchanges that do more than read (read/lookup.py).
--
-- KEYS  1 value   2 lease or tag   3 generation
-- ARGV  1 the beginning of a tag: 'S<shape>:'
-- Returns {value, tag, generation}, or false if the value may not be read.
local tag, generation = redis.call('GET', KEYS[2]), redis.call('GET', KEYS[3])
local prefix = generation and ARGV[1] .. generation .. ':'
if not tag or not prefix or string.sub(tag, 1, #prefix) ~= prefix then
  return false
end
local value = redis.call('GET', KEYS[1])
return value and {value, tag, generation}
