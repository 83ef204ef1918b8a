--- Fuzzes what passes between mighost and a team's script: generated values come back as they went,
--- and scripts that call at random what they were given end with a value or with one clear line.

local root = assert(require("host.sys").realpath(debug.getinfo(1, "S").source:sub(2)))
  :match("^(.*)/spec/fuzz/")
package.path = package.path .. ";" .. root .. "/?.lua"

local fuzzer = require "spec.fuzz.fuzzer"
local generate = require "spec.support.generate"
local guard = require "planning.guard"
local jail = require "planning.jail"

local LIMITS <const> = { memory = 32, seconds = 1, instructions = 300000 }
local ECHO <const> = "return { f = function(...) return ... end }"
local VALUES <const> = {
  "nil", "true", "0", "-1", "1.5", "0/0", "1/0", "math.mininteger", "''", "('x'):rep(1e5)", "'%'",
  "'\\0'", "{}", "{ {}, n = 1 }", "print", "ctx", "coroutine.create(print)", "_G", "string",
  "setmetatable({}, { __index = _G, __call = print, __tostring = error })",
}
local CALLS <const> = {
  "ctx.read(A)", "ctx.files(A, B)", "error(A)", "error(A, B)", "string.format(A, B)", "#A",
  "A .. B",
  "A[B]", "A == B", "A < B", "A(B)", "pcall(A, B)", "xpcall(A, B, A)", "setmetatable(A, B)",
  "coroutine.wrap(A)(B)", "string.rep(A, 9, B)", "table.concat(A, B)", "table.sort(A, B)",
  "table.unpack(A, B)", "string.gsub(A, A, B)", "require(A)", "print(A, B)", "rawset(A, B, A)",
  "string.pack(A, B)", "utf8.char(A)", "select(A, B, A)", "next(A, B)", "tostring(A)",
  "coroutine.close(A)", "math.random(A, B)", "string.byte(A, B, A)", "tonumber(A, B)",
}

local function scalar(random)
  return generate.pick(random, {
    true, false, 0, -1, 2 ^ 53, math.maxinteger, math.mininteger, 0.5, -0.0, 1 / 0, "", "\0",
    "\255",
    generate.text(random), ("x"):rep(random(3000)),
  })
end

local function plain(random, depth)
  if depth == 0 or random(3) == 1 then
    return scalar(random)
  end
  local value = {}
  for index = 1, random(6) - 1 do
    value[random(2) == 1 and index or scalar(random)] = plain(random, depth - 1)
  end
  return value
end

--- Whether two values are the same, -0.0 and 0.0 told apart.
local function same(a, b)
  if type(a) ~= "table" or type(b) ~= "table" then
    return math.type(a) == math.type(b) and a == b and (a ~= 0 or 1 / a == 1 / b)
  end
  for key, item in pairs(a) do
    if not same(item, b[key]) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

local function load(text)
  return assert(jail.load("stages", { path = "/x.lua", layer = "project", text = text }, nil,
    { limits = LIMITS }))
end

local function check_echo(random, echo)
  local count = random(4)
  local sent = {}
  for index = 1, count do
    sent[index] = plain(random, 4)
  end
  local got = table.pack(echo(table.unpack(sent, 1, count)))
  assert(got.n == count, "another number of values")
  got.n = nil
  assert(same(sent, got), "other values came back")
end

local function check_script(random)
  local lines = {}
  for index = 1, random(6) do
    local call = generate.pick(random, CALLS):gsub("%f[%w][AB]%f[%W]", function()
      return "(" .. generate.pick(random, VALUES) .. ")"
    end)
    lines[index] = random(4) == 1 and ("v = %s"):format(call)
      or ("pcall(function() v = %s end)"):format(call)
  end
  local text = ("return { prompt = function(ctx)\nlocal v\n%s\nreturn v end }"):format(
    table.concat(lines, "\n"))
  local ok, message = guard.call(load(text).prompt, {
    read = function(path) return path end, files = function() return { "a" } end,
  })
  if not ok then
    assert(message:find("^/x%.lua:"), "no file in the message: " .. message .. "\n" .. text)
    assert(not message:find("%c") and utf8.len(message), "an unclean message: " .. text)
    assert(not message:find("ended by signal") and not message:find("system call"),
      message .. "\n" .. text)
  end
end

return fuzzer.run("scripts", { ... }, function()
  local echo = load(ECHO).f
  return function(random)
    check_echo(random, echo)
    check_script(random)
  end
end)
