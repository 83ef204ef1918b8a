--- Fuzzes what the loop makes of agents' words: status blocks and ready-checks read whatever they
--- are, keep to the words that are known, and end as a harmless commit message.

local root = assert(require("host.sys").realpath(debug.getinfo(1, "S").source:sub(2)))
  :match("^(.*)/spec/fuzz/")
package.path = package.path .. ";" .. root .. "/?.lua"

local fuzzer = require "spec.fuzz.fuzzer"
local generate = require "spec.support.generate"
local message = require "loop.message"
local mutate = require "spec.fuzz.mutate"
local ready = require "loop.ready"
local status = require "loop.status"

local PROJECT <const> = { root = "/srv/code", worktree = "/srv/code", state_home = "/home/a" }
local SETTINGS <const> = { prefix = "mighost", validation_text = "make check" }
local DECISIONS <const> = { commit = true, retry = true, abandon = true, blocked = true }
local RETRIES <const> = {
  ["same-target"] = true, ["new-target"] = true, none = true, ["human-review"] = true,
}
local READY <const> = { yes = true, no = true, unverifiable = true }
local SAID <const> = {
  "Done.\n\nBEGIN_MIGHOST_STATUS\nphase_reached: all\ndecision: commit\n"
    .. "summary: Moved /srv/code/a.\ncommit_rationale: It was time.\n"
    .. "evidence:\n- one\n- two\nEND_MIGHOST_STATUS\n",
  "BEGIN_MIGHOST_STATUS\ndecision: retry\nretry_recommendation: same-target\n"
    .. "next_retry_focus: the edges\nfailure_kind: validation-failed\nEND_MIGHOST_STATUS\n",
  status.contract(), "ready: yes\n", "**ready: no** — too early\n",
  "ready: unverifiable - no baseline and no fresh test evidence\n", "Ready: `yes`\nready: maybe\n",
}

local function check_status(answer)
  local read = status.parse(answer)
  if not read then
    return nil
  end
  assert(not read.decision or DECISIONS[read.decision], "an unknown decision")
  assert(not read.retry_recommendation or RETRIES[read.retry_recommendation], "an unknown retry")
  assert(#read.evidence <= 50, "endless evidence")
  for name, value in pairs(read) do
    assert(type(value) == "table" or #value <= 4000, name .. " is too long")
  end
  return read
end

return fuzzer.run("loop", { ... }, function()
  return function(random)
    local answer = mutate.text(random, generate.pick(random, SAID), SAID)
    local read = check_status(answer)
    local text = message.build(PROJECT, SETTINGS, answer, message.why(PROJECT, read))
    assert(utf8.len(text) and not text:gsub("\n", ""):find("%c"), "no harmless message")
    assert(select(2, text:gsub("\n", "\n")) == 7, "another number of lines")
    local said, why = ready.parse(answer)
    if said then
      assert(READY[said.ready] and said.reason ~= "", "an unknown answer")
    else
      assert(not why:find("%c"), "no harmless line")
    end
  end
end)
