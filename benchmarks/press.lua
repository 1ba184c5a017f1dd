-- Sends ready-made requests in turn, and tells what came back as one line of JSON (wrk.py reads it).
-- Arguments: the file of requests (each one: its length, a newline, its octets), the octets that stand for
-- "never used before", what is put there (a number of so many digits follows), "each" to look at each
-- answer, and what its body must hold.
--
-- wrk runs `init`, `request` and `response` in the thread's own Lua, `setup` and `done` in another.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

local requests, marker, salt, digits, wanted = {}, "", "", 0, ""
local turn, never = 0, 0

local function read(name)
  local file = assert(io.open(name, "rb"))
  local length = file:read("*n")
  while length do
    file:read(1)
    table.insert(requests, assert(file:read(length)))
    length = file:read("*n")
  end
  file:close()
  assert(#requests > 0, "no request in " .. name)
end

-- wrk calls it only if it is put where wrk looks for it, since that costs about a microsecond an answer.
local function look(status, _, body)
  if #wanted > 0 and not body:find(wanted, 1, true) then
    lacking = lacking + 1
  end
  statuses[status] = (statuses[status] or 0) + 1
end

function init(args)
  marker, salt, wanted = args[2], args[3], args[5] or ""
  digits = #marker - #salt
  read(args[1])
  -- Globals, so that `done` can ask the thread for them.
  statuses, lacking = {}, 0
  if args[4] == "each" then
    response = look
  end
end

function request()
  turn = turn % #requests + 1
  local raw = requests[turn]
  if raw:find(marker, 1, true) then
    never = never + 1
    -- As long as the marker, so that Content-Length stays true.
    raw = raw:gsub(marker, string.format("%s%0" .. digits .. "d", salt, never))
  end
  return raw
end

local function seen()
  local parts = {}
  for _, thread in ipairs(threads) do
    for status, count in pairs(thread:get("statuses")) do
      table.insert(parts, string.format('"%d": %d', status, count))
    end
  end
  return table.concat(parts, ", ")
end

function done(summary, latency, _)
  local errors, lacking_all = summary.errors, 0
  for _, thread in ipairs(threads) do
    lacking_all = lacking_all + thread:get("lacking")
  end
  local us = string.format('"p50_us": %d, "p99_us": %d, "max_us": %d',
    latency:percentile(50), latency:percentile(99), latency.max)
  local bad = string.format('"status": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d, "lacking": %d',
    errors.status, errors.connect, errors.read, errors.write, errors.timeout, lacking_all)
  io.write(string.format('RESULT {"answers": %d, "duration_us": %d, %s, %s, "statuses": {%s}}\n',
    summary.requests, summary.duration, us, bad, seen()))
end
