--- The spec of the stage security-review: mighost .mighost/spec/security-review.lua

local mighost = require "mighost"

local HERE <const> = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$")

local project = assert(mighost.open {})
local stage = assert(mighost.load(project, "stage", "security-review"))

--- How the stage judges an answer.
local function judge(text)
  return stage.judge({ text = text, files = {} }, { visit = 1 })
end

-- A real answer, kept in recordings/.
local file <close> = assert(io.open(HERE .. "/../recordings/security-review/answer.md"))
local outcome, reason = judge(file:read("a"))
assert(outcome == "findings" and reason == "2 findings", reason)

-- The prompt asks for what judge accepts.
assert(stage.prompt({ visit = 1 }):find("`review: clear` or `review: findings`", 1, true))
assert(stage.prompt({ visit = 2 }):find("revised since", 1, true))
assert(judge("review: clear") == "clear")
assert(judge("Phase 2 is unsafe.") == "findings") -- a doubt is not consent
assert(judge("") == nil)

print("security-review: ok")
return 0
