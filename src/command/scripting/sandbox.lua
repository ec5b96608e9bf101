-- The world that a script sees, built once per interpreter.
--
-- Stock Lua 5.1 has no read-only tables. Each library, and the table of globals, is therefore shown
-- through an empty proxy whose metatable reads from the real table and refuses every write; the
-- functions that look past metatables (next, rawget, rawset, …) are told about the proxies here.
--
-- A function that may raise must not be Lua code that is called as the last thing of a script
-- (`return f()`): the tail call would drop the script's frame, and with it the line in the error.
-- `rust.raise` finds the nearest frame outside this file, which is right for all other calls.

local lua, rust, libraries = ...

local type, select, next = lua.type, lua.select, lua.next
local getmetatable, setmetatable = lua.getmetatable, lua.setmetatable
local rawget, rawset, tostring = lua.rawget, lua.rawset, lua.tostring
local pcall, xpcall, load, loadstring = lua.pcall, lua.xpcall, lua.load, lua.loadstring
local collectgarbage, resume = lua.collectgarbage, lua.coroutine.resume
local byte, format = lua.string.byte, lua.string.format
local raise, caught = rust.raise, rust.caught

-- Read-only tables ------------------------------------------------------------------------------

local real = {}            -- proxy -> the table behind it
local shown_metatable = {} -- proxy -> what getmetatable answers
local proxies = {}

local function read_only(t)
  local proxy = setmetatable({}, { __index = t, __newindex = rust.refuse_write })
  real[proxy] = t
  proxies[#proxies + 1] = proxy
  return proxy
end

-- table.insert looks past metatables too; what it leaves in a proxy must not reach the next script.
local function clean_proxies()
  for i = 1, #proxies do
    local proxy = proxies[i]
    for index = #proxy, 1, -1 do
      rawset(proxy, index, nil)
    end
  end
end

local function bad_argument(n, name, expected, count, value)
  local got = count < n and 'no value' or type(value)
  raise(format("bad argument #%d to '%s' (%s expected, got %s)", n, name, expected, got), true)
end

local function check_table(name, count, value)
  if type(value) ~= 'table' then
    bad_argument(1, name, 'table', count, value)
  end
end

local base = {}

for _, name in lua.ipairs {
  'assert', 'error', 'ipairs', 'rawequal', 'select', 'tonumber', 'type', 'unpack', '_VERSION',
} do
  base[name] = lua[name]
end

function base.next(...)
  local t, key = ...
  check_table('next', select('#', ...), t)
  return next(real[t] or t, key)
end

function base.pairs(...)
  local t = ...
  check_table('pairs', select('#', ...), t)
  return next, real[t] or t, nil
end

function base.rawget(...)
  local t, key = ...
  check_table('rawget', select('#', ...), t)
  return rawget(real[t] or t, key)
end

function base.rawset(...)
  local t, key, value = ...
  check_table('rawset', select('#', ...), t)
  if real[t] then
    raise('Attempt to modify a readonly table', false)
  elseif key == nil then
    raise('table index is nil', false)
  end
  return rawset(t, key, value)
end

local string_metatable = getmetatable('')
local shown_string_metatable

function base.getmetatable(...)
  if select('#', ...) == 0 then
    raise("bad argument #1 to 'getmetatable' (value expected)", true)
  end
  local value = ...
  if real[value] then
    return shown_metatable[value]
  end
  local metatable = getmetatable(value)
  if metatable == string_metatable then
    return shown_string_metatable
  end
  return metatable
end

function base.setmetatable(...)
  local t, metatable = ...
  check_table('setmetatable', select('#', ...), t)
  if select('#', ...) < 2 or (metatable ~= nil and type(metatable) ~= 'table') then
    raise("bad argument #2 to 'setmetatable' (nil or table expected)", true)
  elseif real[t] then
    raise('Attempt to modify a readonly table', false)
  end
  local current = getmetatable(t)
  if current ~= nil and (type(current) ~= 'table' or rawget(current, '__metatable') ~= nil) then
    raise('cannot change a protected metatable', true)
  end
  return setmetatable(t, metatable)
end

-- Errors ----------------------------------------------------------------------------------------

-- An error raised by Rust arrives as userdata; scripts see the table or the text that it stands for.
local function settled(ok, value, ...)
  if not ok and type(value) == 'userdata' then
    value = caught(value)
  end
  return ok, value, ...
end

-- Redis's pcall gives the text of an error table.
local function flattened(ok, value, ...)
  if not ok and type(value) == 'table' then
    local text = value.err
    if type(text) == 'string' or type(text) == 'number' then
      value = text
    end
  end
  return ok, value, ...
end

function base.pcall(...)
  if select('#', ...) == 0 then
    return false, 'attempt to call a boolean value'
  end
  return flattened(settled(pcall(...)))
end

function base.xpcall(...)
  local f, handler = ...
  if select('#', ...) < 2 then
    raise("bad argument #2 to 'xpcall' (value expected)", true)
  end
  return xpcall(f, function(value)
    if type(value) == 'userdata' then
      value = caught(value)
    end
    return handler(value)
  end)
end

base.__redis__err__handler = rust.error_handler

-- Loading text ----------------------------------------------------------------------------------

-- Compiled chunks could break the interpreter: a leading space makes one a syntax error.
local function as_text(piece)
  return byte(piece) == 27 and ' ' .. piece or piece
end

function base.loadstring(...)
  local text, name = ...
  if type(text) == 'number' then
    text = tostring(text)
  elseif type(text) ~= 'string' then
    bad_argument(1, 'loadstring', 'string', select('#', ...), text)
  end
  return loadstring(as_text(text), name or text)
end

function base.load(...)
  local reader, name = ...
  if type(reader) ~= 'function' then
    bad_argument(1, 'load', 'function', select('#', ...), reader)
  end
  local started = false
  return load(function()
    local piece = reader()
    if not started and type(piece) == 'string' and piece ~= '' then
      started = true
      piece = as_text(piece)
    end
    return piece
  end, name)
end

-- What differs from run to run --------------------------------------------------------------------

local ticks = 0       -- os.clock: a microsecond passes with each look
local names = {}      -- table, function, thread -> its number, for tostring
local name_count = 0

local function forget_last_run()
  clean_proxies()
  ticks = 0
  if name_count > 0 then
    names, name_count = {}, 0
  end
end

local function address(value)
  local number = names[value]
  if not number then
    name_count = name_count + 1
    number = name_count
    names[value] = number
  end
  return format('0x7f00%08x', number * 16)
end

local opaque = { table = true, ['function'] = true, thread = true }

function base.tostring(...)
  local value = ...
  local kind = type(value)
  if kind == 'number' or kind == 'string' then
    return tostring(value)
  elseif value == nil and select('#', ...) == 0 then
    raise("bad argument #1 to 'tostring' (value expected)", true)
  elseif kind == 'userdata' then
    return 'userdata: (nil)'
  elseif opaque[kind] then
    local metatable = getmetatable(value)
    if type(metatable) ~= 'table' or rawget(metatable, '__tostring') == nil then
      return kind .. ': ' .. address(value)
    end
  end
  return tostring(value)
end

-- The collector's numbers depend on what ran before, so a script is told the same ones each time.
local collector = { collect = 0, stop = 0, restart = 0, count = 48, step = false, setpause = 200, setstepmul = 200 }

function base.collectgarbage(option)
  option = option or 'collect'
  local answer = collector[option]
  if answer == nil then
    raise(format("bad argument #1 to 'collectgarbage' (invalid option '%s')", tostring(option)), true)
  elseif option == 'collect' then
    collectgarbage('collect')
  end
  return answer
end

function base.gcinfo()
  return collector.count
end

-- Redis -----------------------------------------------------------------------------------------

local redis = libraries.redis
local as_pcall = rust.as_pcall

-- Never raises: as_pcall asks for the error as a value. The host's function changes with each run.
function redis.pcall(...)
  return redis.call(as_pcall, ...)
end

local function wrong_reply()
  return { err = 'ERR wrong number or type of arguments' }
end

function redis.error_reply(...)
  local text = ...
  if select('#', ...) ~= 1 or type(text) ~= 'string' then
    return wrong_reply()
  end
  return { err = rust.error_text(text) }
end

function redis.status_reply(...)
  local text = ...
  if select('#', ...) ~= 1 or type(text) ~= 'string' then
    return wrong_reply()
  end
  return { ok = text }
end

function redis.replicate_commands()
  return true
end

function redis.breakpoint()
  return false
end

function redis.debug()
end

-- Putting it together ------------------------------------------------------------------------------

string_metatable.__index = lua.string
libraries.string, libraries.table, libraries.math = lua.string, lua.table, lua.math
libraries.coroutine = lua.coroutine
libraries.math.random, libraries.math.randomseed = rust.random, rust.randomseed
function libraries.coroutine.resume(...)
  if type((...)) ~= 'thread' then
    raise("bad argument #1 to 'resume' (coroutine expected)", true)
  end
  return settled(resume(...))
end
libraries.os = {
  clock = function()
    ticks = ticks + 1
    return ticks / 1000000
  end,
}

for name, library in next, libraries do
  base[name] = read_only(library)
end
shown_string_metatable = read_only({ __index = base.string })

local globals = read_only(base)
setmetatable(base, { __index = rust.undefined_global })
shown_metatable[globals] = read_only({ __index = rust.undefined_global })
base._G = globals

local error_handler = rust.error_handler
local function run(script)
  forget_last_run()
  return xpcall(script, error_handler)
end

return globals, base, run
