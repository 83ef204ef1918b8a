--- Signals while a script runs: mighost answers, and takes the script with it.

local processes = require "spec.support.processes"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

-- Tells by the FIFO that the script runs, which then hangs where no hook reaches.
local SCRIPT <const> = [[
local path = ...
local jail = require "planning.jail"
local stage = assert(jail.load("stages", { path = "/x.lua", layer = "project", text = [=[
  return { prompt = function(ctx)
    ctx.tell()
    return (("a"):rep(60)):find(("a?"):rep(60) .. "b")
  end }
]=] }, nil, { limits = { seconds = 60 } }))
local guard <close> = setmetatable({}, { __close = function() io.stderr:write("closed\n") end })
stage.prompt { tell = function()
  local fifo <close> = assert(io.open(path, "w"))
  fifo:write("runs\n")
end }
]]

--- The only child of a process.
local function child_of(id)
  local file <close> = assert(io.open(("/proc/%s/task/%s/children"):format(id, id)))
  return file:read("a"):match("^(%d+) $")
end

local function is_gone(id)
  local file <close> = io.open(("/proc/%s/stat"):format(id))
  local text = file and file:read("a")
  return not text or text:match("%) (%a)") == "Z"
end

--- Starts mighost with the script, waits until that runs, sends the signal; how mighost ended.
local function disturb(signal)
  local dir <close> = tmp.dir()
  local fifo = processes.fifo(dir, "fifo")
  local line = ("%s %s %s 2>%s & echo $!; wait $!; echo $?"):format(sh.quote(program.exe),
    sh.quote(dir:write("script.lua", SCRIPT)), sh.quote(fifo), sh.quote(dir:join("stderr")))
  local pipe <close> = assert(io.popen(line))
  local id = pipe:read("l")
  assert.equal("runs", processes.read_line(fifo))
  local child = child_of(id)
  assert.is_string(child)
  processes.kill(signal, id)
  local exit = pipe:read("n")
  assert.is_true(processes.wait_until(5, function() return is_gone(child) end))
  return exit, dir:read("stderr")
end

describe("a signal while a script runs", function()
  it("ends it and mighost, with 128 and the signal, once what is open was closed", function()
    for signal, code in pairs { INT = 130, TERM = 143 } do
      local exit, said = disturb(signal)
      assert.equal(code, exit)
      assert.matches("closed\n", said)
      assert.matches("interrupted", said)
    end
  end)

  it("ends it too when mighost is killed", function()
    assert.equal(137, (disturb "KILL"))
  end)
end)
