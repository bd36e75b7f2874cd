-- Read one field of a family, if it may be read: for exchanges that do more than read (read/lookup.py).
--
-- KEYS  1 family hash
-- ARGV  1 the beginning of a tag: '<shape>:'   2 field
-- Returns {value, tag}, or false if the value may not be read.
local stored = redis.call('HMGET', KEYS[1], ARGV[2], '#' .. ARGV[2])
if not stored[1] or not stored[2] or string.sub(stored[2], 1, #ARGV[1]) ~= ARGV[1] then
  return false
end
return stored
