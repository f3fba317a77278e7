import { createHash } from 'node:crypto';

/** A script with the digest by which the server knows it. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

const script = (lua: string): Script => ({ lua, sha: createHash('sha1').update(lua).digest('hex') });

/**
 * All writes or none. KEYS: the index, then a record per write. ARGV, per write: member, `put` or `del`,
 * expected version or '', value, ms to live or ''. Gives 1, or 0 where a version did not match.
 */
export const transact = script(`
local before = {}
for i = 2, #KEYS do
  local at = (i - 2) * 5
  before[i] = tonumber(redis.call('HGET', KEYS[i], 'n') or 0)
  if ARGV[at + 3] ~= '' and tonumber(ARGV[at + 3]) ~= before[i] then return 0 end
end
for i = 2, #KEYS do
  local at = (i - 2) * 5
  if ARGV[at + 2] == 'del' then
    redis.call('DEL', KEYS[i])
    redis.call('ZREM', KEYS[1], ARGV[at + 1])
  else
    redis.call('HSET', KEYS[i], 'v', ARGV[at + 4], 'n', before[i] + 1)
    if ARGV[at + 5] == '' then redis.call('PERSIST', KEYS[i]) else redis.call('PEXPIRE', KEYS[i], ARGV[at + 5]) end
    redis.call('ZADD', KEYS[1], 0, ARGV[at + 1])
  end
end
return 1`);

/**
 * A page of records, in order. KEYS: the index. ARGV: first and last of the range, members to look at, the
 * prefix of records. Gives the number of members looked at, the last of them, and key, value, version of
 * each record; members whose record has expired leave the index.
 */
export const list = script(`
local members = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
local found, gone = {}, {}
for _, member in ipairs(members) do
  local kept = redis.call('HMGET', ARGV[4] .. member, 'v', 'n')
  if kept[1] then
    found[#found + 1] = member
    found[#found + 1] = kept[1]
    found[#found + 1] = kept[2]
  else
    gone[#gone + 1] = member
  end
end
if #gone > 0 then redis.call('ZREM', KEYS[1], unpack(gone)) end
return {#members, members[#members] or '', found}`);
