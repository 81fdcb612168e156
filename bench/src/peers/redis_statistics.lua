-- count, sums of composite, outcome, process and environment, resolved. Whole days from their
-- sums, the two ends from the facts.
local w, from, to = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local DAY = 86400000
local all = { 0, 0, 0, 0, 0, 0 }

local function facts(first, last)
    if first > last then return end
    for _, member in ipairs(redis.call('ZRANGEBYSCORE', w .. ':t', first, last)) do
        local _, o, p, e, composite, good = struct.unpack('>I4I2I2I2I2B', member)
        all[1], all[2], all[3] = all[1] + 1, all[2] + composite, all[3] + o
        all[4], all[5], all[6] = all[4] + p, all[5] + e, all[6] + good
    end
end

local first, past = math.ceil(from / DAY), math.floor((to + 1) / DAY)
if first >= past then
    facts(from, to)
else
    facts(from, first * DAY - 1)
    facts(past * DAY, to)
    for day = first, past - 1 do
        local d = day .. ':'
        local sums = redis.call('HMGET', w .. ':d', d .. 1, d .. 2, d .. 3, d .. 4, d .. 5, d .. 6)
        if sums[1] then
            for i = 1, 6 do all[i] = all[i] + sums[i] end
        end
    end
end
return all
