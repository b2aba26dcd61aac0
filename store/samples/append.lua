-- Writes a sample once, by a clock that runs on when somebody sets Redis' clock. `append.py` explains it. Times in ms.
local samples, hosts, joined, slots, holder, clock, workload = unpack(KEYS)
local host, body, slot, instance = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local function number(at) return tonumber(ARGV[at]) end
local claim, retention, host_retention, lease, most = number(5), number(6), number(7), number(8), number(9)
local deadline, wall, known = number(10), number(11), number(12) == 1
local due_raw, due_wall, due_offset = number(13), number(14), number(15)
local SLACK, LEAP_HOLD, AHEAD_HOLD, MOVED, LEAST = number(16), number(17), number(18), number(19), number(20)
local tables, tables_live = ARGV[21], number(22)

local function near(one, other) return math.abs(one - other) <= SLACK end

-- 1. The time: Redis' clock plus `offset`, which cancels a jump that only Redis' clock has made.
local time = redis.call('TIME')
local raw = time[1] * 1000 + math.floor(time[2] / 1000)
if deadline > 0 and raw > deadline then return {'late', raw} end
local said = redis.call('HMGET', clock, 'offset', 'leapt', 'ahead')
local kept, leapt, ahead = tonumber(said[1]) or 0, tonumber(said[2]), tonumber(said[3])
if not (math.abs(kept) < 1e14) then kept = 0 end
local offset = kept
if not known then
    if not near(raw + offset, wall) and near(raw, wall) then offset = 0 end
elseif not near(raw, due_raw) then
    local due = due_raw + due_offset
    if near(raw + offset, due) then -- Another collector has corrected it.
    elseif near(raw, due) then offset = 0 -- Somebody has set it right again.
    elseif near(wall - due_wall, raw - due_raw) then -- Both clocks jumped: one machine, taken for right.
        if raw > due_raw then leapt = raw + offset redis.call('HSET', clock, 'leapt', leapt) end
    elseif near(raw, wall) then offset = 0 -- It was wrong until now.
    else offset = due - raw
    end
end
if math.abs(offset) <= SLACK then offset = 0 end
if offset ~= kept then redis.call('HSET', clock, 'offset', string.format('%.0f', offset)) end
local now = raw + offset

local function is_within(stamp, span)
    stamp = tonumber(stamp)
    return stamp ~= nil and stamp <= now + SLACK and stamp > now - span
end

-- 2. The holder of the host's name: of the live collectors the one that started last, so that a restart loses no sample.
local is_shared, is_followed = 0, 0
if instance ~= '' then
    local held = redis.call('HMGET', holder, 'holder', 'seen', 'rival_seen', 'rival_tries', 'heir')
    local is_mine = held[1] == instance
    local tries = is_within(held[3], lease) and tonumber(held[4]) or 0
    if held[1] and not is_mine and held[1] > instance and is_within(held[2], lease) then
        redis.call('HSET', holder, 'rival_seen', now, 'rival_tries', tries + 1)
        return {'held', raw, offset}
    end
    if not is_mine then redis.call('HDEL', holder, 'rival_seen', 'rival_tries') end
    redis.call('HSET', holder, 'holder', instance, 'seen', now)
    redis.call('PEXPIRE', holder, host_retention)
    -- Only a second try counts: a collector that is being replaced may still have one tick to finish.
    if is_mine and tries > 1 then is_shared = 1 end
    if held[5] then -- Announced once: if the heir never comes, the name stays.
        redis.call('HDEL', holder, 'heir')
        if held[5] > instance then is_followed = 1 end
    end
end

-- 3. One sample for each slot. A claim in the future comes from a clock that was set back since.
if is_within(redis.call('ZSCORE', slots, slot), claim) then return {'taken', raw, offset, is_shared, is_followed} end
redis.call('ZADD', slots, now, slot) -- First: once a script has removed something, a full Redis refuses its writes no more.
redis.call('ZREMRANGEBYSCORE', slots, '-inf', now - claim)
redis.call('ZREMRANGEBYSCORE', slots, now + SLACK, '+inf')
redis.call('PEXPIRE', slots, 10 * claim)

local function parts(id)
    local ms, sequence = string.match(id, '^(%d+)-(%d+)$')
    return tonumber(ms), tonumber(sequence)
end

local function id_of(ms, sequence) return string.format('%.0f-%.0f', ms, sequence) end

-- Entries with ids ahead of the clock would never be trimmed or rolled up. They move back by the error of the clock that
-- stamped them. The wrong ones start where ids leap by that error; without such a leap all ids are wrong.
local function begin_anew()
    local rows = redis.call('XREVRANGE', samples, '+', '-', 'COUNT', MOVED)
    redis.call('DEL', samples)
    if #rows == 0 then return end
    local wrong_by, first = parts(rows[1][1]) - now, #rows
    for at = 1, #rows - 1 do
        if parts(rows[at][1]) - parts(rows[at + 1][1]) >= wrong_by then first = at break end
    end
    local last_ms, last_sequence = 0, 0
    for at = #rows, 1, -1 do
        local ms, sequence = parts(rows[at][1])
        local fields = rows[at][2]
        if at <= first then
            for field = 2, #fields, 2 do
                local taken = tonumber(string.match(fields[field], '^{"v":%d+,"host":"[^"]*","slot":%-?%d+,"at":([%d.]+),'))
                if taken and near(taken * 1000, ms) then -- The collector had the same wrong clock.
                    local right = string.format('"at":%.3f,', taken - wrong_by / 1000)
                    fields[field] = string.gsub(fields[field], '"at":[%d.]+,', right, 1)
                end
            end
            ms = math.max(0, math.min(ms - wrong_by, now))
            if sequence > 1e9 then sequence = 0 end
        end
        if ms < last_ms or (ms == last_ms and sequence <= last_sequence) then
            ms, sequence = last_ms, last_sequence + 1
        end
        if #fields <= 100 then redis.pcall('XADD', samples, id_of(ms, sequence), unpack(fields)) end
        last_ms, last_sequence = ms, sequence
    end
    for _, key in ipairs({hosts, joined}) do
        for _, name in ipairs(redis.call('ZRANGEBYSCORE', key, now + SLACK, '+inf')) do
            redis.call('ZADD', key, now, name)
        end
    end
    redis.call('HDEL', clock, 'ahead', 'leapt')
    return wrong_by
end

-- 4. The entry. Its id is Redis' own while the clocks agree, else ours, after the last one.
local oldest = is_within(leapt, LEAP_HOLD) and 0 or now - retention
local function add(id) return redis.pcall('XADD', samples, 'MINID', '~', oldest, id, 'host', host, 'sample', body) end
local function top() return redis.call('XREVRANGE', samples, '+', '-', 'COUNT', 1)[1] end

local function add_newest()
    local id = add(offset == 0 and '*' or id_of(now, 0))
    local last = type(id) == 'table' and offset ~= 0 and top()
    if not last then return id end
    local ms, sequence = parts(last[1])
    return add(id_of(ms, sequence + 1))
end

local function is_id_at_fault(answer)
    return string.find(answer.err, 'smaller') or string.find(answer.err, 'exhausted') or string.find(answer.err, 'Invalid')
end

local id, renewed = add_newest(), nil
if type(id) == 'table' and is_id_at_fault(id) then -- Somebody has written an id that no other can follow.
    renewed = begin_anew()
    id = add_newest()
end
if type(id) == 'table' then return redis.error_reply(id.err) end
if renewed then -- The new id follows the moved ones.
elseif parts(id) > now + SLACK then
    if not ahead or ahead > now + SLACK then redis.call('HSET', clock, 'ahead', now)
    elseif now - ahead >= AHEAD_HOLD then
        renewed = begin_anew()
        id = top()[1]
    end
elseif ahead then redis.call('HDEL', clock, 'ahead')
end
redis.call('XTRIM', samples, 'MAXLEN', '~', math.max(LEAST, math.floor(most) * redis.call('ZCARD', hosts)))
redis.call('ZADD', hosts, now, host)
redis.call('ZREMRANGEBYSCORE', hosts, '-inf', now - host_retention)
redis.call('ZADD', joined, 'NX', now, host)
if tables ~= '' then redis.call('SET', workload, string.format('%.0f ', now) .. tables, 'PX', tables_live) end
return {'written', raw, offset, is_shared, is_followed, id, renewed and string.format('%.0f', renewed) or ''}
