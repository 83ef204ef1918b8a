--- Runs what a team wrote (stages, rules, agents, pipelines) in processes of its own: one to learn
--- what the file returns, one for each call of a function in it.  The table that `load` gives looks
--- like the one the file returns; its functions are stand-ins.
---
--- Plain data crosses, both ways.  Functions that a script is handed (`ctx.read`, `m.files`, …)
--- stay here and are called from there, so that the child opens nothing.  What comes back is
--- believed no more than an agent's answer.  planning.jail_child is the other side, host.script
--- what is between.

local fs = require "host.fs"
local script = require "host.script"
local sys = require "host.sys"

local guard = require "planning.guard"
local loader = require "planning.loader"
local results = require "planning.jail_results"
local strict = require "lib.strict_reader"
local text = require "lib.text"
local views = require "planning.jail_views"
local words = require "planning.jail_words"

local MIB <const> = 1 << 20
local MODULE <const> = "^lib%.([%w_]+)$"
local DEFAULTS <const> = { memory = 256, seconds = 10, instructions = 200 * 1000 * 1000 }
local FINDINGS_MAX <const> = 1000
local SEED_BYTES <const> = 8

---@class mighost.JailLimits
---@field memory? integer        MiB that a call may use; default 256
---@field seconds? number        that it may take; default 10
---@field instructions? integer  of Lua's virtual machine; default 200 million

---@class mighost.JailOptions
---@field limits? mighost.JailLimits
---@field log? fun(line: string, path: string)  gets what scripts print, fit to be shown

---@class mighost.Jail
---@field kind mighost.Kind
---@field path string
---@field text string
---@field limits mighost.JailLimits
---@field log fun(line: string, path: string)|nil
---@field module fun(name: string, is_own: boolean): string|nil, string, boolean|nil
---@field paths string[]  of all files that were loaded, the file's own first

-- What is special about the arguments of the functions that mighost knows.
local FORMS <const> = {
  ["stages.prompt"] = { freeze = { "ctx" } },
  ["stages.judge"] = { freeze = { [2] = "ctx" } },
  ["rules.check"] = { freeze = { "m" }, collects = true },
  ["agents.answer"] = { freeze = {}, has_outputs = true, problem = results.of_answer },
  ["agents.command"] = { freeze = {}, problem = results.of_command },
  ["agents.interactive"] = { freeze = {}, problem = results.of_command },
}
local PLAIN_FORM <const> = { freeze = {} }

local Failure <const> = {
  __tostring = function(failure)
    return failure.message
  end,
}

local function read_own(folder, name)
  local dir <close>, message = fs.open_dir(sys.share() .. "/scripts/" .. folder)
  if not dir then
    return nil, message
  end
  local source, why = dir:read(name .. ".lua", { links = "follow" })
  return source, source and ("%s/scripts/%s/%s.lua"):format(sys.share(), folder, name) or why
end

local prelude, libraries

---What every child gets; read once.
local function equip()
  if not prelude then
    local problem
    prelude, problem = read_own("planning", "jail_child")
    assert(prelude, problem)
    local path = package.searchpath("cjson", package.cpath)
    libraries = { ["cjson.safe"] = path and package.loadlib(path, "luaopen_cjson_safe") }
  end
  return prelude, libraries
end

---Where a module comes from, asked once for each: every later call gets the same bytes.
local function module_finder(jail, modules)
  local known = { [false] = {}, [true] = {} }
  local own_folder = sys.share() .. "/scripts/lib/"
  local function find(name, is_own)
    local source, path
    if not is_own and modules then
      source, path = modules(name)
      if not source and path then
        return nil, path -- it is there, and may not be used
      end
    end
    if not source then
      source, path = read_own("lib", name:match(MODULE))
    end
    if not source then
      return nil, ("there is no module %s"):format(name)
    end
    local refusal = loader.refusal { path = path, text = source }
    if refusal then
      return nil, refusal
    end
    table.insert(jail.paths, path)
    return { source, path, path:sub(1, #own_folder) == own_folder }
  end
  return function(name, is_own)
    is_own = is_own == true
    if type(name) ~= "string" or not name:find(MODULE) then
      return nil, "not a module's name"
    end
    if not known[is_own][name] then
      local problem
      known[is_own][name], problem = find(name, is_own)
      if not known[is_own][name] then
        return nil, problem
      end
    end
    return table.unpack(known[is_own][name])
  end
end

local function show_log(jail, outcome)
  for _, printed in ipairs(jail.log and outcome.log or {}) do
    for line in (printed .. "\n"):gmatch("([^\n]*)\n") do
      jail.log(text.printable(line), jail.path)
    end
  end
end

---What a function of ours says to the script that calls it; an error becomes one there.
local function serve(fn, ...)
  local answer = table.pack(guard.call(fn, ...))
  if not answer[1] then
    return false, (tostring(answer[2]):gsub("^[^\n]-%.lua:%d+: ", ""))
  end
  return table.unpack(answer, 1, answer.n)
end

---One process.  Gives the values that came back, or why there are none.
---@return table|nil values packed
---@return table? failure { name, message, traceback }
local function run(jail, call)
  local source, found = equip()
  local outcome, message, name = script.run {
    prelude = source,
    libraries = found,
    request = { path = jail.path, text = jail.text, module = jail.module, call = call,
      seed = tonumber(sys.random_hex(SEED_BYTES), 16) },
    serve = serve,
    marks = call == nil,
    memory = jail.limits.memory * MIB,
    seconds = jail.limits.seconds,
    instructions = jail.limits.instructions,
  }
  if not outcome then
    return nil, { name = name, message = message, signal = sys.interrupted() }
  end
  show_log(jail, outcome)
  if outcome.values then
    return outcome.values
  end
  return nil, {
    name = "ESCRIPT",
    message = words.explain(jail, outcome),
    traceback = words.traceback(jail, outcome),
  }
end

---Plain data of what may be views or have metatables; what no script could use is left out.
local function plain(value)
  if type(value) == "userdata" or value == strict.null then
    return nil
  elseif type(value) ~= "table" then
    return value
  elseif getmetatable(value) == strict.number then
    return tonumber(value.lexeme)
  end
  local copy = {}
  for key, item in pairs(value) do
    copy[key] = plain(item)
  end
  return copy
end

local function fail(jail, message)
  error(setmetatable({
    name = "ESCRIPT", message = jail.path .. ": " .. message, traceback = "",
  }, Failure), 0)
end

local function report_all(jail, findings, report)
  if type(findings) ~= "table" or #findings > FINDINGS_MAX then
    fail(jail, "its findings are malformed")
  end
  for _, finding in ipairs(findings) do
    report(finding)
  end
end

---Stands in for the function at this place in the file's table.
local function stand_in(jail, path)
  local form = FORMS[jail.kind .. "." .. table.concat(path, ".")] or PLAIN_FORM
  return function(...)
    local args = table.pack(...)
    local opened <close> = views.new()
    local sent = { n = form.collects and 1 or args.n }
    for index = 1, sent.n do
      sent[index] = form.has_outputs and opened:report(args[index]) or plain(args[index])
    end
    local values, failure = run(jail, {
      path = path, args = sent, freeze = form.freeze, collects = form.collects,
      has_outputs = form.has_outputs,
    })
    if not values then
      error(setmetatable(failure, Failure), 0)
    elseif form.collects then
      return report_all(jail, values[1], args[2])
    end
    local problem = form.problem and form.problem(values)
    if problem then
      fail(jail, ("what %s returns cannot be used: %s"):format(table.concat(path, "."), problem))
    end
    return table.unpack(values, 1, values.n)
  end
end

local function with_stand_ins(jail, value, path)
  if value == script.FUNCTION then
    return stand_in(jail, path)
  elseif type(value) ~= "table" then
    return value
  end
  for key, item in pairs(value) do
    local below = table.move(path, 1, #path, 1, {})
    table.insert(below, key)
    value[key] = with_stand_ins(jail, item, below)
  end
  return value
end

local M = {}

---The limits that a configuration sets.
---@param config mighost.Config|nil
---@return mighost.JailLimits
function M.limits(config)
  local set = config or {}
  return {
    memory = set.script_memory or DEFAULTS.memory,
    seconds = set.script_seconds or DEFAULTS.seconds,
    instructions = set.script_instructions or DEFAULTS.instructions,
  }
end

---Loads a file.  A stand-in that fails raises an error with message and traceback, which
---planning.guard takes apart.
---@param kind mighost.Kind
---@param file mighost.Found
---@param modules? fun(name: string): string|nil, string|nil  text and path of "lib.x" in the
---       file's own layer; where it has none, mighost's own is used
---@param opts? mighost.JailOptions
---@return table|nil
---@return string? message one line, with file:line where Lua knows it
---@return string? NAME
function M.load(kind, file, modules, opts)
  local refusal = loader.refusal(file)
  if refusal then
    return nil, refusal, "ECONFIG"
  end
  local jail = {
    kind = kind, path = file.path, text = file.text, log = opts and opts.log,
    limits = setmetatable({}, { __index = function(_, name)
      return opts and opts.limits and opts.limits[name] or DEFAULTS[name]
    end }),
    paths = { file.path },
  }
  jail.module = module_finder(jail, modules)
  local values, failure = run(jail)
  if not values then
    return nil, failure.message, failure.name == "ESCRIPT" and "ECONFIG" or failure.name
  end
  local value = values[1]
  if type(value) ~= "table" then
    local kind_of = value == script.FUNCTION and "function" or type(value)
    return nil, ("%s: returns a %s; it must return one table"):format(file.path, kind_of),
      "ECONFIG"
  end
  return with_stand_ins(jail, value, {})
end

return M
