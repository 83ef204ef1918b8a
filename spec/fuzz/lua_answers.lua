--- Fuzzes what the adapters make of what agents print: an answer with a text, or one line that says
--- why there is none and a kind that is known.

local root = assert(require("host.sys").realpath(debug.getinfo(1, "S").source:sub(2)))
  :match("^(.*)/spec/fuzz/")
package.path = package.path .. ";" .. root .. "/?.lua"

local corpus = require "spec.fuzz.corpus"
local fs = require "host.fs"
local fuzzer = require "spec.fuzz.fuzzer"
local generate = require "spec.support.generate"
local loader = require "planning.loader"
local mutate = require "spec.fuzz.mutate"
local output = require "planning.output"
local recordings = require "spec.support.agent_recordings"
local strict = require "lib.strict"
local sys = require "host.sys"

local KINDS <const> = {
  ["rate-limited"] = true, auth = true, refused = true, empty = true, broken = true,
}
local ENDS <const> = { "timeout", "silence", "output", "interrupt" }
local KEYS <const> = {
  "type", "subtype", "result", "is_error", "num_turns", "usage", "total_cost_usd", "error",
  "api_error_status", "stop_reason", "rate_limit_info", "status", "resetsAt",
}
local VALUES <const> = { "result", "error", "assistant", "rate_limit_event", "success", "rejected" }
local PRINTED <const> = {
  '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"done",'
    .. '"usage":{"input_tokens":1,"output_tokens":2},"total_cost_usd":0.5}\n',
  '{"type":"assistant","error":"rate_limit"}\n{"type":"rate_limit_event","rate_limit_info":'
    .. '{"status":"rejected","resetsAt":1767225600}}\n{"type":"result","is_error":true,'
    .. '"result":"You hit your limit","api_error_status":429}\n',
  "user\nprompt\ncodex\ndone\ntokens used\n1,234\n",
  'ERROR: {"error": {"message": "no such model"}}\n', "ERROR: unexpected status 401 x\n", "plain\n",
}

local function load_agents()
  local dir <close> = assert(fs.open_dir(sys.share() .. "/scripts/agents"))
  local agents = {}
  for _, entry in ipairs(assert(dir:list())) do
    if entry.name:find("%.lua$") then
      local source = assert(dir:read(entry.name, { links = "follow" }))
      agents[#agents + 1] = assert(loader.load { path = entry.name, text = source })
    end
  end
  assert(#agents > 0, "no agents")
  return agents
end

--- An event with the right names and anything for values.
local function make_event(random)
  local event = strict.object { type = generate.pick(random, VALUES), result = "words" }
  for _ = 1, random(6) do
    event[generate.pick(random, KEYS)] = random(2) == 1 and generate.strict(random, 2)
      or random(2) == 1 and strict.object { message = generate.strict(random, 1) }
      or generate.pick(random, VALUES)
  end
  return assert(strict.encode(event)):gsub("\n *", "") .. "\n"
end

local function captured(value)
  return output.open({ bytes = #value, head = value, whole = true }, "/nonexistent/log")
end

local function make_stream(random, printed)
  local kind = random(4)
  if kind == 1 then
    return make_event(random) .. make_event(random)
  elseif kind == 2 then
    return "ERROR: " .. make_event(random)
  end
  return mutate.text(random, generate.pick(random, printed), printed)
end

--- Whatever file an adapter had its program write.
local function make_files(file)
  return setmetatable({}, { __index = function() return file end })
end

return fuzzer.run("answers", { ... }, function()
  local agents = load_agents()
  local printed = corpus.files(recordings.path, "%.std[a-z]+$")
  table.move(PRINTED, 1, #PRINTED, #printed + 1, printed)
  return function(random)
    local has_signal = random(6) == 1
    local report = {
      exit = not has_signal and (random(3) > 1 and 0 or random(255)) or nil,
      signal = has_signal and random(31) or nil,
      ended_by = random(6) == 1 and generate.pick(random, ENDS) or nil,
      stdout = captured(make_stream(random, printed)),
      stderr = captured(make_stream(random, printed)),
      files = make_files(captured(random(2) == 1 and "" or make_stream(random, printed))),
    }
    local answer, why, kind = generate.pick(random, agents).answer(report)
    if answer then
      assert(type(answer.text) == "string", "an answer without a text")
    else
      assert(type(why) == "string" and not why:find("%c") and utf8.len(why), "no harmless line")
      assert(KINDS[kind], "an unknown kind of trouble")
    end
  end
end)
