--- Migrations as they lie in a live directory, written byte by byte: no codec of mighost's is used.
---   sample.write(repo, "migrations", "split-parser", { steps = 3 })
---   sample.write(repo, "migrations", "old-plan", { status = "ready", phases = 2 })

local STEPS <const> = {
  { "approaches", "completed", "pick-best" },
  { "pick-best", "completed", "expand" },
  { "expand", "completed", "review" },
  { "review", "findings", "revise" },
  { "revise", "completed", "review-2" },
  { "review-2", "clear", "final-review" },
  { "final-review", "approve-auto", "terminal-ready" },
}

local M = {}

---@class spec.Sample
---@field steps? integer       accepted steps, 0 to 7; default 0
---@field status? string       default: planning
---@field phases? integer      phase files and phases of the manifest; default 0
---@field reason? string       of a human review that it awaits
---@field cooldown? string
---@field target? string
---@field last_touch? string

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(byte)
    return ("\\u%04x"):format(byte:byte())
  end) .. '"'
end

local function or_null(text)
  return text and quote(text) or "null"
end

local function phase_file(i)
  return ("phase-%d-part-%d.md"):format(i, i)
end

--- The text of a manifest.json.
---@param slug string
---@param opts? spec.Sample
---@return string
function M.manifest(slug, opts)
  opts = opts or {}
  local phases = {}
  for i = 1, opts.phases or 0 do
    phases[i] = ([[{"name": "part-%d", "file": %s, "precondition": "Part %d may start.",
      "done": %s, "required_effort": "low", "effort_reason": null}]]):format(i,
      quote(phase_file(i)), i, tostring(i == 1 and (opts.phases or 0) > 1))
  end
  local current = (opts.phases or 0) > 0 and ("part-%d"):format(math.min(2, opts.phases)) or ""
  return ([[{
    "name": %s, "status": %s, "created_at": "2026-03-01T00:15:00.000+00:00",
    "last_touch": %s, "wake_up_on": null, "cooldown_until": %s,
    "awaiting_human_review": %s, "human_review_reason": %s, "current_phase": %s, "phases": [%s]
  }]]):format(quote(slug), quote(opts.status or "planning"),
    quote(opts.last_touch or "2026-03-01T06:15:00.000+00:00"), or_null(opts.cooldown),
    tostring(opts.reason ~= nil), or_null(opts.reason), quote(current), table.concat(phases, ", "))
end

local function output_of(live, slug, step)
  return ("%s/%s/.planning/stages/%s.stdout.md"):format(live, slug, step)
end

--- The text of a state.json.
---@param live string
---@param slug string
---@param opts? spec.Sample
---@return string
function M.state(live, slug, opts)
  opts = opts or {}
  local count = opts.steps or 0
  local steps = {}
  for i = 1, count do
    steps[i] = ([[{"name": %s, "completed_at": "2026-03-01T0%d:15:00.000+00:00", "outcome": %s,
      "outputs": {"stdout": %s}, "agent": "codex", "model": "m-1", "effort": "high"}]]):format(
      quote(STEPS[i][1]), i, quote(STEPS[i][2]), quote(output_of(live, slug, STEPS[i][1])))
  end
  local findings = count >= 4 and output_of(live, slug, "review") or nil
  local decision = count == 7 and "approve-auto" or nil
  return ([[{
    "schema_version": 1, "target": %s, "next_step": %s, "completed_steps": [%s],
    "started_at": "2026-03-01T00:15:00.000+00:00", "updated_at": "2026-03-01T06:15:00.000+00:00",
    "feedback": ["earlier words", {"received_at": "", "source": "message", "text": "later ones"}],
    "review_findings": %s, "final_decision": %s, "final_reason": %s
  }]]):format(quote(opts.target or "Split the parser"),
    quote(count == 0 and "approaches" or STEPS[count][3]), table.concat(steps, ", "),
    or_null(findings), or_null(decision), or_null(decision))
end

--- Writes a whole migration into a folder of anything that has `write`.
---@param dir {write: fun(self: table, rel: string, text: string): string}
---@param live string   relative to `dir`
---@param slug string
---@param opts? spec.Sample
function M.write(dir, live, slug, opts)
  opts = opts or {}
  local base = live .. "/" .. slug
  dir:write(base .. "/manifest.json", M.manifest(slug, opts))
  dir:write(base .. "/.planning/state.json", M.state(live, slug, opts))
  for i = 1, opts.steps or 0 do
    dir:write(output_of(live, slug, STEPS[i][1]), "words\n")
  end
  for i = 1, opts.phases or 0 do
    dir:write(base .. "/" .. phase_file(i),
      "## Precondition\n\nNone.\n\n## Definition of Done\n\nAll.\n")
  end
  dir:write(base .. "/plan.md", "# Plan\n")
end

return M
