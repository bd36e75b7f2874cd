-- Store one field of a family if the lease under which it was loaded is still held.
--
-- KEYS  1 family hash   2 leases
-- ARGV  1 lease   2 value   3 TTL of the family, ms   4 field   5 maximum number of fields   6 shape
-- Returns 1 if stored, 0 if the lease no longer exists.
--
-- The fields use a ring of slots, '#slot:<number>' -> field. The previous field of the slot, if the slot
-- is still its latest one, is the least recently stored field and is deleted: two or three commands,
-- whatever the number of fields. The family expires as a whole, TTL after its first field was stored.
local held = redis.call('HGET', KEYS[2], ARGV[4])
if not held or string.match(held, '^%d+:(.*)$') ~= ARGV[1] then
  return 0
end
redis.call('HDEL', KEYS[2], ARGV[4])
local turn = redis.call('HINCRBY', KEYS[1], '#next', 1)
local slot = string.format('%.0f', turn % tonumber(ARGV[5]))
local expires = redis.call('HGET', KEYS[1], '#expires')
if not expires then
  local time = redis.call('TIME')
  expires = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3]))
  redis.call('HSET', KEYS[1], '#expires', expires)
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
local former = redis.call('HGET', KEYS[1], '#slot:' .. slot)
if former then
  local tag = redis.call('HGET', KEYS[1], '#' .. former)
  if tag and string.match(tag, '^[^:]*:(%d+):') == slot then
    redis.call('HDEL', KEYS[1], former, '#' .. former)
  end
end
redis.call('HSET', KEYS[1], ARGV[4], ARGV[2], '#' .. ARGV[4], ARGV[6] .. ':' .. slot .. ':' .. expires,
  '#slot:' .. slot, ARGV[4])
return 1
