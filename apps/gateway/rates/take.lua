-- Take what calls use of the rates of their callers: of all of them, or of none. One tenant's calls
-- at a time, whose keys share a hash tag.
-- KEYS: the counts. ARGV[1]: JSON of
--   counts: for each key {is it a bucket, requests a minute, tokens a minute}; -1: no limit
--   wishes: {tokens, number of the count...} each; a wish takes one request and these tokens
--   corrections: {number of the count, when they were taken, tokens to add} each
-- Returns JSON: the time, then for each wish
--   {wait, which of its counts refuses, in which unit, requests: limit, left, whole in, tokens: the same}.
--   wait 0: taken; -1: more than the limit itself. Times are milliseconds, the server's.
-- A window counts in marks of two seconds, and a mark until nothing in it is younger than a minute.
-- A bucket is the time at which it is full again (the generic cell rate algorithm).
local SPAN, WIDTH = 60000, 2000
local KEPT = SPAN / WIDTH
local EPSILON = 0.01
local REQUESTS, TOKENS = 1, 2

local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
local newest = math.floor(now / WIDTH)
local asked = cjson.decode(ARGV[1])
local counts = {}

local Window = {}

-- Marks are {number, requests, tokens}, oldest first. The clock may have gone back: what seems to
-- come from later counts as of now.
function Window.open(raw)
  local state = {marks = {}, used = {0, 0}}
  local flat = raw and cmsgpack.unpack(raw) or {}
  for i = 1, #flat, 3 do
    local number = math.min(flat[i], newest)
    if number >= newest - KEPT then
      Window.add(state, REQUESTS, flat[i + 1], number)
      Window.add(state, TOKENS, flat[i + 2], number)
    end
  end
  return state
end

function Window.add(state, unit, amount, number)
  local last = state.marks[#state.marks]
  if not last or last[1] ~= number then
    last = {number, 0, 0}
    table.insert(state.marks, last)
  end
  last[unit + 1] = last[unit + 1] + amount
  state.used[unit] = state.used[unit] + amount
end

local function free_in(mark)
  return (mark[1] + KEPT + 1) * WIDTH - now
end

function Window.wait(state, unit, amount, limit)
  local over = state.used[unit] + amount - limit
  if over <= 0 then return 0 end
  for _, mark in ipairs(state.marks) do
    over = over - mark[unit + 1]
    if over <= 0 then return free_in(mark) end
  end
  return -1
end

function Window.left(state, unit, limit)
  local whole = 0
  for _, mark in ipairs(state.marks) do
    if mark[unit + 1] > 0 then whole = free_in(mark) end
  end
  return math.max(0, limit - state.used[unit]), whole
end

function Window.take(state, unit, amount)
  Window.add(state, unit, amount, newest)
end

function Window.correct(state, _, at, delta)
  local number = math.floor(at / WIDTH)
  for _, mark in ipairs(state.marks) do
    if mark[1] == number then
      delta = math.max(delta, -mark[TOKENS + 1])
      mark[TOKENS + 1] = mark[TOKENS + 1] + delta
      state.used[TOKENS] = state.used[TOKENS] + delta
      return
    end
  end
  if delta > 0 then Window.add(state, TOKENS, delta, newest) end
end

function Window.pack(state)
  local flat = {}
  for _, mark in ipairs(state.marks) do
    for i = 1, 3 do flat[#flat + 1] = mark[i] end
  end
  return cmsgpack.pack(flat)
end

local Bucket = {}

function Bucket.open(raw)
  local state = raw and cmsgpack.unpack(raw) or {now, now}
  for unit = REQUESTS, TOKENS do
    state[unit] = math.min(math.max(state[unit], now), now + SPAN)
  end
  return state
end

function Bucket.wait(state, unit, amount, limit)
  if amount > limit then return -1 end
  local wait = state[unit] + amount * SPAN / limit - SPAN - now
  return wait <= EPSILON and 0 or math.ceil(wait)
end

function Bucket.left(state, unit, limit)
  local whole = state[unit] - now
  return math.floor((SPAN - whole) * limit / SPAN + EPSILON), math.ceil(whole)
end

function Bucket.take(state, unit, amount, limit)
  state[unit] = state[unit] + amount * SPAN / limit
end

function Bucket.correct(state, limit, _, delta)
  state[TOKENS] = math.min(math.max(state[TOKENS] + delta * SPAN / limit, now), now + SPAN)
end

function Bucket.pack(state)
  return cmsgpack.pack(state)
end

local function count_of(number)
  local count = counts[number]
  if not count then
    local is_bucket, requests, tokens = unpack(asked.counts[number])
    count = {kind = is_bucket == 1 and Bucket or Window, limits = {requests, tokens}}
    count.state = count.kind.open(redis.call('GET', KEYS[number]))
    counts[number] = count
  end
  return count
end

-- The refusal that lasts longest: {wait, which of the wish's counts, unit}.
local function refusal_of(wish)
  local found = {0, 0, 0}
  for i = 2, #wish do
    local count = count_of(wish[i])
    for unit, amount in ipairs({1, wish[1]}) do
      local limit = count.limits[unit]
      if limit >= 0 then
        local wait = count.kind.wait(count.state, unit, amount, limit)
        if wait == -1 then return {-1, i - 1, unit} end
        if wait > found[1] then found = {wait, i - 1, unit} end
      end
    end
  end
  return found
end

local function take(wish)
  for i = 2, #wish do
    local count = count_of(wish[i])
    for unit, amount in ipairs({1, wish[1]}) do
      local limit = count.limits[unit]
      if limit >= 0 then count.kind.take(count.state, unit, amount, limit) end
    end
    count.is_changed = true
  end
end

-- Of each unit the count with the least left: {limit, left, whole in} twice.
local function told_of(wish)
  local told = {-1, -1, -1, -1, -1, -1}
  for i = 2, #wish do
    local count = count_of(wish[i])
    for unit, limit in ipairs(count.limits) do
      if limit >= 0 then
        local at = 3 * unit - 2
        local left, whole = count.kind.left(count.state, unit, limit)
        if told[at] == -1 or left < told[at + 1] then
          told[at], told[at + 1], told[at + 2] = limit, left, whole
        end
      end
    end
  end
  return told
end

for _, correction in ipairs(asked.corrections) do
  local number, at, delta = unpack(correction)
  local count = count_of(number)
  if count.limits[TOKENS] >= 0 then
    count.kind.correct(count.state, count.limits[TOKENS], at, delta)
    count.is_changed = true
  end
end
local answer = {now}
for _, wish in ipairs(asked.wishes) do
  local refusal = refusal_of(wish)
  if refusal[2] == 0 then take(wish) end
  local told = told_of(wish)
  for i = 1, 6 do refusal[i + 3] = told[i] end
  answer[#answer + 1] = refusal
end
for number, count in pairs(counts) do
  if count.is_changed then
    redis.call('SET', KEYS[number], count.kind.pack(count.state), 'PX', SPAN + 2 * WIDTH)
  end
end
return cjson.encode(answer)
