--- The spec of the agent ours: mighost .mighost/spec/ours.lua

local mighost = require "mighost"

local HERE <const> = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$")

local project = assert(mighost.open {})
local agent = assert(mighost.load(project, "agent", "ours"))

local function output(text)
  return { text = function(max) return text:sub(1, max) end, bytes = #text }
end

--- The adapter's answer for a run that printed this.
local function answer(exit, printed)
  return agent.answer { exit = exit, stdout = output(printed), stderr = output(""), files = {} }
end

local started = agent.command { model = "m", effort = "low", prompt = "Do it.", work_dir = "/w",
  artifacts = "/a" }
assert(table.concat(started.argv, " ") == "ours --model m --effort low")
assert(started.stdin == "Do it.")

-- What the program really printed, kept in recordings/.
local file <close> = assert(io.open(HERE .. "/../recordings/ours/stdout.txt"))
local said = assert(answer(0, file:read("a")))
assert(said.text == "Two approaches.\n" and said.usage.output_tokens == 120)

local nothing, why, kind = answer(1, "error: quota is used up\n")
assert(nothing == nil and why == "failed: quota is used up" and kind == "rate-limited")
assert(select(3, answer(0, "no last line\n")) == "broken")

print("ours: ok")
return 0
