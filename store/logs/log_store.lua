-- Adds what came together to its groups, once. Explained in `log_store.py`; times in µs.
local QUIET_US, SPELLS = 60000000, 20
local function heal(key, kind)
    local found = redis.call('TYPE', key).ok
    if found ~= kind and found ~= 'none' then redis.call('DEL', key) end
end
if not redis.call('SET', KEYS[4], 1, 'NX', 'PX', 60000) then return 0 end
heal(KEYS[1], 'stream') heal(KEYS[2], 'zset') heal(KEYS[3], 'hash') heal(KEYS[5], 'hash')
local time = redis.call('TIME')
local offset_ms = tonumber(redis.call('HGET', KEYS[5], 'offset')) or 0
local now_us = time[1] * 1000000 + time[2] + offset_ms * 1000
local prefix, kept_us, most, dropped = ARGV[1], ARGV[2] * 1000000, tonumber(ARGV[3]), tonumber(ARGV[4])
local ids = {}
for at = 6, #ARGV, 6 do
    local id, count = ARGV[at], tonumber(ARGV[at + 1])
    local oldest_us, newest_us = now_us - ARGV[at + 2], now_us - ARGV[at + 3]
    local key = prefix .. id
    heal(key, 'hash')
    local known = redis.call('HMGET', key, 'count', 'first_us', 'last_us', 'began_us')
    local total, first_us = (tonumber(known[1]) or 0) + count, math.min(tonumber(known[2]) or oldest_us, oldest_us)
    -- What comes after a silence begins a spell; a group from before spells were kept began with its first line.
    local began = {}
    for each in string.gmatch(known[4] or known[2] or '', '%d+') do if #each < 18 then began[#began + 1] = each end end
    if #began == 0 or oldest_us > (tonumber(known[3]) or 0) + QUIET_US then began[#began + 1] = string.format('%.0f', oldest_us) end
    local spells = table.concat(began, ' ', math.max(1, #began - SPELLS + 1))
    -- A line that was longer on its way than the one before, or was logged earlier, does not turn the group back.
    newest_us = math.min(math.max(tonumber(known[3]) or newest_us, newest_us), now_us)
    redis.call('HSET', key, 'line', ARGV[at + 4], 'owner', ARGV[at + 5], 'count', string.format('%.0f', total),
        'first_us', string.format('%.0f', first_us), 'last_us', string.format('%.0f', newest_us), 'began_us', spells)
    -- Later than the list lets go of it: Redis expires by its own clock, which may be wrong by a day.
    redis.call('EXPIRE', key, 4 * ARGV[2])
    redis.call('ZADD', KEYS[2], newest_us, id)
    ids[#ids + 1] = id
end
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now_us - kept_us)
local extra = redis.call('ZCARD', KEYS[2]) - most
if extra > 0 then
    -- Of whoever has the most, the oldest: a service that floods with ever new texts pushes out its own.
    local of, owners = {}, {}
    for _, id in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
        local owner = redis.pcall('HGET', prefix .. id, 'owner')
        if type(owner) ~= 'string' then owner = '' end
        if not of[owner] then of[owner] = {first = 1} owners[#owners + 1] = owner end
        table.insert(of[owner], id)
    end
    for _ = 1, extra do
        local most_of
        for _, owner in ipairs(owners) do
            local ids_of = of[owner]
            if not most_of or #ids_of - ids_of.first > #most_of - most_of.first then most_of = ids_of end
        end
        redis.call('DEL', prefix .. most_of[most_of.first])
        redis.call('ZREM', KEYS[2], most_of[most_of.first])
        most_of.first = most_of.first + 1
    end
end
if dropped > 0 then
    local hour = string.format('%.0f', math.floor(now_us / 3600000000))
    local before = tonumber(redis.call('HGET', KEYS[3], hour)) or 0
    redis.call('HSET', KEYS[3], hour, string.format('%.0f', before + dropped))
    redis.call('EXPIRE', KEYS[3], ARGV[2])
    if redis.call('HLEN', KEYS[3]) > 30 then
        for _, field in ipairs(redis.call('HKEYS', KEYS[3])) do
            if (tonumber(field) or 0) < hour - kept_us / 3600000000 then redis.call('HDEL', KEYS[3], field) end
        end
    end
end
if #ids > 0 then
    local news = table.concat(ids, ' ')
    -- It fails where something has written an id that nothing can follow.
    if redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[5], '*', 'groups', news).err then
        redis.call('DEL', KEYS[1])
        redis.call('XADD', KEYS[1], '*', 'groups', news)
    end
end
return 1
