--- Runs a property over generated cases for a while: the same seed makes the same case, and the
--- seed of one that fails is printed.
---   usage of a target: mighost spec/fuzz/lua_X.lua [--seconds N] [--seed N|random] [--count N]
---                      [--corpus FOLDER]

local generate = require "spec.support.generate"
local sys = require "host.sys"

local OPTIONS <const> = { ["--seconds"] = true, ["--seed"] = true, ["--count"] = true,
  ["--corpus"] = true }
local CASE_SECONDS <const> = 5 -- of processor time; far more than any input here may cost
local HOOK_STEPS <const> = 1000000

---@class spec.FuzzOptions
---@field seconds number
---@field seed integer of the first case
---@field count integer the most cases
---@field corpus string|nil folder of recorded migrations, where there is one

local function parse(args)
  local given = {}
  for index = 1, #args, 2 do
    if not OPTIONS[args[index]] or not args[index + 1] then
      return nil, args[index]
    end
    given[args[index]] = args[index + 1]
  end
  local seed = given["--seed"] or "1"
  return {
    seconds = assert(tonumber(given["--seconds"] or 5)),
    seed = seed == "random" and tonumber(sys.random_hex(4), 16) or assert(math.tointeger(seed)),
    count = assert(math.tointeger(given["--count"] or math.maxinteger)),
    corpus = given["--corpus"],
  }
end

--- Calls the property with one case; a case that costs too much is a failure.
local function run_case(property, seed)
  local began = os.clock()
  local function check_time()
    if os.clock() - began > CASE_SECONDS then
      debug.sethook()
      error(("the case takes more than %d s"):format(CASE_SECONDS), 2)
    end
  end
  debug.sethook(check_time, "", HOOK_STEPS)
  local ok, trace = xpcall(property, debug.traceback, generate.random(seed))
  debug.sethook()
  if ok then
    ok, trace = pcall(check_time) -- one call into C can take all the time
  end
  return ok, trace
end

local M = {}

--- Runs the property until the time is over or a case fails.
---@param name string of the target
---@param args string[] of the command line
---@param prepare fun(opts: spec.FuzzOptions): fun(random: fun(n: integer): integer)
---@return integer code of the exit
function M.run(name, args, prepare)
  local opts, unknown = parse(args)
  if not opts then
    io.stderr:write(("fuzz %s: unusable argument: %s\n"):format(name, unknown))
    return 2
  end
  local property = prepare(opts)
  local deadline = sys.monotonic() + opts.seconds
  local done = 0
  print(("fuzz %s: from seed %d"):format(name, opts.seed))
  io.stdout:flush()
  while done < opts.count and sys.monotonic() < deadline do
    local seed = opts.seed + done
    local ok, trace = run_case(property, seed)
    if not ok then
      io.stderr:write(("fuzz %s: seed %d failed: %s\nagain: mighost spec/fuzz/lua_%s.lua "
        .. "--seed %d --count 1\n"):format(name, seed, trace, name, seed))
      return 1
    end
    done = done + 1
  end
  print(("fuzz %s: %d cases"):format(name, done))
  return 0
end

return M
