--- Migrations as earlier planning left them: manifest, state, and accepted outputs.

local STEPS <const> = {
  { "approaches", "completed" }, { "pick-best", "completed" }, { "expand", "completed" },
  { "review", "findings" }, { "revise", "completed" }, { "review-2", "clear" },
}

local MANIFEST <const> = [[
{
  "awaiting_human_review": false,
  "cooldown_until": null,
  "created_at": "2026-05-21T14:10:09.546-07:00",
  "current_phase": "measure",
  "human_review_reason": null,
  "last_touch": "2026-05-22T09:00:00.000-07:00",
  "name": "%s",
  "phases": [
    {
      "done": false,
      "effort_reason": null,
      "file": "phase-1-measure.md",
      "name": "measure",
      "precondition": "the benchmarks run",
      "required_effort": "low"
    }
  ],
  "status": "planning",
  "wake_up_on": null
}
]]

local STATE <const> = [[
{
  "completed_steps": [
%s
  ],
  "feedback": [],
  "final_decision": null,
  "final_reason": null,
  "next_step": "%s",
  "review_findings": %s,
  "schema_version": 1,
  "started_at": "2026-05-21T14:10:09.546-07:00",
  "target": "Measure how long it takes",
  "updated_at": "2026-05-22T09:00:00.000-07:00"
}
]]

local STEP <const> = [[
    {
      "agent": "command",
      "completed_at": "2026-05-21T14:10:09.546-07:00",
      "effort": "medium",
      "model": null,
      "name": "%s",
      "outcome": "%s",
      "outputs": {
        "stdout": "migrations/%s/.planning/stages/%s.stdout.md"
      }
    }]]

local function step(slug, name, outcome)
  return STEP:format(name, outcome, slug, name)
end

local M = {}

--- The names of the steps that a migration went through.
M.steps = {}
for _, entry in ipairs(STEPS) do
  table.insert(M.steps, entry[1])
end

--- The file of the manifest's one phase.
M.phase = "# Measure\n\n## Precondition\n\nNone.\n\n## Definition of Done\n\nA table.\n"

--- manifest.json of a migration in planning.
---@param slug string
---@return string
function M.manifest(slug)
  return MANIFEST:format(slug)
end

--- state.json with every step but the last accepted, or with none.
---@param slug string
---@param is_new? boolean
---@return string
function M.state(slug, is_new)
  local steps = {}
  for _, entry in ipairs(is_new and {} or STEPS) do
    table.insert(steps, step(slug, entry[1], entry[2]))
  end
  return STATE:format(table.concat(steps, ",\n"), is_new and "approaches" or "final-review",
    is_new and "null" or ('"migrations/%s/.planning/stages/review.stdout.md"'):format(slug))
end

local function base_of(number)
  local slug = ("measure-%05d"):format(number)
  return slug, "migrations/" .. slug
end

--- Writes a migration whose planning has not begun.
---@param repo spec.Repo
---@param number integer
---@return string[] paths of manifest and state
function M.add_new(repo, number)
  local slug, base = base_of(number)
  repo:write(base .. "/phase-1-measure.md", M.phase)
  return {
    repo:write(base .. "/manifest.json", M.manifest(slug)),
    repo:write(base .. "/.planning/state.json", M.state(slug, true)),
  }
end

--- Writes a migration in planning, with its accepted outputs.
---@param repo spec.Repo
---@param number integer
---@return string[] paths of manifest and state
function M.add_planning(repo, number)
  local slug, base = base_of(number)
  repo:write(base .. "/phase-1-measure.md", M.phase)
  for _, name in ipairs(M.steps) do
    repo:write(("%s/.planning/stages/%s.stdout.md"):format(base, name), "accepted\n")
  end
  return {
    repo:write(base .. "/manifest.json", M.manifest(slug)),
    repo:write(base .. "/.planning/state.json", M.state(slug)),
  }
end

--- Writes a migration that is ready, with its plan and its phase.
---@param repo spec.Repo
---@param number integer
---@return string[] paths of manifest and phase file
function M.add_ready(repo, number)
  local slug, base = base_of(number)
  local manifest = M.manifest(slug):gsub('"planning"', '"ready"')
  repo:write(base .. "/plan.md", "# Measure\n")
  return {
    repo:write(base .. "/manifest.json", manifest),
    repo:write(base .. "/phase-1-measure.md", M.phase),
  }
end

return M
