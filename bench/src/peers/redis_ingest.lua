-- A batch: the identity of each event and its packed fact, alternating, in ARGV.
--   w:f          hash: event -> fact (kept, and known again)
--   w:a:<id>     sorted set of an account's newest: time -> position, time, composite, good
--   w:t          sorted set of all: time -> position, dimensions, composite, good
--   w:d          hash of whole days: sums
--   w:b          hash: account -> length of the run that tripped its breaker
local w = KEYS[1]
local clock = redis.call('TIME')
local receipt = clock[1] * 1000 + math.floor(clock[2] / 1000)
local count = #ARGV / 2
local base = redis.call('INCRBY', w .. ':n', count) - count
local times, days, accounts = {}, {}, {}

local function low_run(key, most)
    local newest = redis.call('ZREVRANGE', key, 0, most - 1)
    local run, last = 0, nil
    for _, member in ipairs(newest) do
        local _, at, composite = struct.unpack('>I4I6I2', member)
        last = last or at
        if composite > {HIGHEST_LOW} or last - at > {RUN_SPAN} then break end
        run = run + 1
    end
    return run, last
end

for i = 1, count do
    local event, fact = ARGV[2 * i - 1], ARGV[2 * i]
    if {ADD} then
        local at, o, p, e, resolved, account = struct.unpack('>I6I2I2I2Bc16', fact)
        local composite = math.floor((2 * (o + p + e) + 3) / 6)
        local good = (resolved == 1 and composite >= {FAILURE}) and 1 or 0
        local position = base + i
        local key = w .. ':a:' .. account
        redis.call('ZADD', key, {SCORE}, struct.pack('>I4I6I2B', position, at, composite, good))
        accounts[key] = true
        times[#times + 1] = at
        times[#times + 1] = struct.pack('>I4I2I2I2I2B', position, o, p, e, composite, good)
        local day = math.floor(at / 86400000)
        local sums = days[day]
        if not sums then
            sums = { 0, 0, 0, 0, 0, 0 }
            days[day] = sums
        end
        sums[1], sums[2], sums[3] = sums[1] + 1, sums[2] + composite, sums[3] + o
        sums[4], sums[5], sums[6] = sums[4] + p, sums[5] + e, sums[6] + good
        -- Only a low conversation can lengthen a run.
        if composite <= {HIGHEST_LOW} and redis.call('HEXISTS', w .. ':b', account) == 0 then
            local run, last = low_run(key, {RUN_THAT_TRIPS})
            if run == {RUN_THAT_TRIPS} and last >= receipt - {RECENT_SPAN} then
                redis.call('HSET', w .. ':b', account, (low_run(key, {RUN_HORIZON})))
            end
        end
    end
end

for key in pairs(accounts) do
    redis.call('ZREMRANGEBYRANK', key, 0, -{RUN_HORIZON} - 1)
end
if #times > 0 then
    redis.call('ZADD', w .. ':t', unpack(times))
end
for day, sums in pairs(days) do
    for i, sum in ipairs(sums) do
        redis.call('HINCRBY', w .. ':d', day .. ':' .. i, sum)
    end
end
return count
