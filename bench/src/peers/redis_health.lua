-- count, sum of composites, resolved, length of the low run; nothing for an unknown account.
local newest = redis.call('ZREVRANGE', KEYS[1] .. ':a:' .. ARGV[1], 0, {RUN_HORIZON} - 1)
if #newest == 0 then return {} end
local oldest = tonumber(ARGV[2])
local count, sum, resolved, run, last, in_run = 0, 0, 0, 0, nil, true
for i, member in ipairs(newest) do
    local _, at, composite, good = struct.unpack('>I4I6I2B', member)
    if i <= {WINDOW} and at >= oldest then
        count, sum, resolved = count + 1, sum + composite, resolved + good
    end
    last = last or at
    in_run = in_run and composite <= {HIGHEST_LOW} and last - at <= {RUN_SPAN}
    if in_run then run = run + 1 end
    if not in_run and i >= {WINDOW} then break end
end
return { count, sum, resolved, run }
