--- Runs first in the process of a call of a team's script: gives the script what it may use, loads
--- it, calls it.  planning.jail is the other side.

local host, request = ...

local FINDINGS_MAX <const> = 1000
local PRINTED_MAX <const> = 1 << 16 -- bytes
local LIBRARY <const> = "cjson.safe" -- of C, for mighost's own lib.json
local GLOBALS <const> = {
  "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "rawequal", "rawget",
  "rawlen", "rawset", "select", "tonumber", "tostring", "type", "xpcall", "_VERSION", "string",
  "table", "math", "utf8", "coroutine",
}

-- A script may change what is in these tables; this side goes on with what it found there.
local concat, format, unpack = table.concat, string.format, table.unpack

local printed = 0

---To mighost, which shows it; the first 64 KiB of a call.
local function print_line(...)
  local words = { ... }
  for index = 1, select("#", ...) do
    words[index] = tostring(words[index])
  end
  local line = concat(words, "\t")
  if printed < PRINTED_MAX then
    printed = printed + #line + 1
    host.log(line)
  end
end

---A finalizer would run whenever it likes.
local function set_metatable(value, metatable)
  if type(metatable) == "table" and rawget(metatable, "__gc") ~= nil then
    error("setmetatable: __gc is not for scripts", 2)
  end
  return setmetatable(value, metatable)
end

-- Processes that were forked in one second would all begin with the same numbers.
math.randomseed(request.seed)

local environments = {} -- of the team's files [false], of mighost's own [true]
local loaded = { [false] = {}, [true] = {} }

local function compile(text, path, is_own)
  local chunk, problem = host.compile(text, "@" .. path, environments[is_own])
  if not chunk then
    error(problem, 0)
  end
  return chunk
end

---A module's value; what mighost's own modules require is mighost's own.
local function load_module(name, is_own)
  local known = loaded[is_own][name]
  if known == nil then
    local text, path, found_own = request.module(name, is_own)
    if not text then
      error(path, 3)
    elseif found_own and not is_own then
      known = load_module(name, true)
    else
      loaded[is_own][name] = false -- it is being loaded
      known = compile(text, path, is_own)(name, path)
      known = known == nil and true or known
    end
    loaded[is_own][name] = known
  elseif known == false then
    error(("require %q: it requires itself"):format(name), 3)
  end
  return known
end

local function requirer(is_own)
  return function(name)
    if is_own and name == LIBRARY then
      return host.open(LIBRARY)
    elseif type(name) ~= "string" or not name:find("^lib%.[%w_]+$") then
      error(format("require %q: such a file may only require \"lib.<name>\"", tostring(name)), 2)
    end
    local module = load_module(name, is_own) -- no tail call: errors name the line that requires
    return module
  end
end

for _, is_own in ipairs { false, true } do
  local env = { print = print_line, setmetatable = set_metatable, require = requirer(is_own) }
  for _, name in ipairs(GLOBALS) do
    env[name] = _G[name]
  end
  env._G = env
  environments[is_own] = env
end

---What a rule reports stays here until it is done.
local function collect(check, m)
  local problem_of = load_module("lib.finding", true).problem
  local findings = {}
  check(m, function(finding)
    local problem = problem_of(finding)
    if not problem and #findings == FINDINGS_MAX then
      problem = ("a rule reports at most %d findings"):format(FINDINGS_MAX)
    end
    if problem then
      error(problem, 2)
    end
    findings[#findings + 1] = {
      severity = finding.severity, code = finding.code, path = finding.path,
      message = finding.message,
    }
  end)
  return findings
end

---Lines come from mighost in batches.
local function give_lines(output)
  local open = output.open_lines
  output.open_lines = nil
  function output.lines()
    local next_batch = open()
    local batch, position = {}, 0
    return function()
      position = position + 1
      if batch and not batch[position] then
        batch, position = next_batch(), 1
      end
      return batch and batch[position]
    end
  end
end

local function open_outputs(report)
  give_lines(report.stdout)
  give_lines(report.stderr)
  for _, output in pairs(report.files) do
    give_lines(output)
  end
end

local function find_function(value, path)
  for _, key in ipairs(path) do
    value = type(value) == "table" and rawget(value, key) or nil
  end
  if type(value) ~= "function" then
    error(("it has no function %s this time"):format(concat(path, ".")), 0)
  end
  return value
end

local function call(fn, wanted)
  local args = wanted.args
  for index, name in pairs(wanted.freeze) do
    args[index] = load_module("lib.frozen", true).of(args[index], name)
  end
  if wanted.has_outputs then
    open_outputs(args[1])
  end
  if wanted.collects then
    return collect(fn, args[1])
  end
  return fn(unpack(args, 1, args.n))
end

local value = compile(request.text, request.path, false)()
if request.call then
  return call(find_function(value, request.call.path), request.call)
end
return value
