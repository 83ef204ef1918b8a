--- Valid migrations made by walking a pipeline at random, as directories written byte by byte. The
--- walker follows the rules of the format by itself: it uses nothing of what it is there to test,
--- but for the writer of strict JSON.
---   local made = walk.make(generate.random(seed), "migrations", "slug")
---   walk.write(dir, made)

local generate = require "spec.support.generate"
local strict = require "lib.strict"
local tables = require "lib.tables"

local MOST_STEPS <const> = 14
local TIMES <const> = {
  "2026-05-21T14:10:09.546-07:00", "2026-03-01T00:15:00+00:00", "2026-03-01T00:15:00Z",
  "2026-03-01T00:15:00", "2026-03-01",
}
local EFFORTS <const> = { "low", "medium", "high", "xhigh" }
local DECISIONS <const> = {
  ["approve-auto"] = true, ["approve-needs-human"] = true, reject = true,
}
local BUILT_IN <const> = {
  start = "approaches",
  edges = {
    ["approaches"] = { completed = "pick-best" },
    ["pick-best"] = { completed = "expand" },
    ["expand"] = { completed = "review" },
    ["review"] = { clear = "final-review", findings = "revise" },
    ["revise"] = { completed = "review-2" },
    ["review-2"] = { clear = "final-review" },
    ["final-review"] = {
      ["approve-auto"] = "terminal-ready",
      ["approve-needs-human"] = "terminal-ready-awaiting-human",
      reject = "terminal-skipped",
    },
  },
  terminals = {
    ["terminal-ready"] = "ready", ["terminal-ready-awaiting-human"] = "ready",
    ["terminal-skipped"] = "skipped",
  },
  refine = { to = "revise", from = { "review", "review-2", "final-review", "terminal-ready",
    "terminal-ready-awaiting-human" } },
  max_visits = {},
}
-- A team's own: a loop that is bounded, and ends that are not decisions.
local LOOP <const> = {
  start = "draft",
  edges = {
    draft = { done = "check" },
    check = { findings = "mend", fine = "good" },
    mend = { done = "check", ["give-up"] = "bad" },
  },
  terminals = { good = "ready", bad = "skipped" },
  refine = { to = "mend", from = { "check", "good" } },
  max_visits = { check = 3 },
}
local PLAN_AFTER <const> = { expand = true, draft = true } -- stages that leave phases

--- The outcomes that a stage may have now: none into a stage that has had all its visits.
local function open_outcomes(graph, at)
  local open = {}
  for _, outcome in ipairs(tables.sorted_keys(graph.edges[at.cursor])) do
    local target = graph.edges[at.cursor][outcome]
    local visits = (at.visits[target] or 0) + (target == at.cursor and 1 or 0)
    if not graph.max_visits[target] or visits < graph.max_visits[target] then
      open[#open + 1] = outcome
    end
  end
  return open
end

local function reopen(graph, at)
  at.bases[#at.bases + 1] = #at.steps
  at.cursor, at.findings, at.decision, at.visits = graph.refine.to, nil, nil, {}
end

local function take_step(random, graph, at, published)
  local outcome = generate.pick(random, open_outcomes(graph, at))
  local name = at.cursor
  at.visits[name] = (at.visits[name] or 0) + 1
  local number = 1
  local function output()
    return (".planning/stages/%s%s.stdout.md"):format(name, number > 1 and "-" .. number or "")
  end
  while at.outputs[output()] do
    number = number + 1
  end
  at.outputs[output()] = name .. " said so\n"
  local stdout = published .. "/" .. output()
  at.steps[#at.steps + 1] = { name = name, outcome = outcome, stdout = stdout }
  at.cursor = graph.edges[name][outcome]
  if outcome == "findings" and at.cursor == graph.refine.to then
    at.findings = stdout
  end
  if graph.terminals[at.cursor] then
    at.decision = DECISIONS[outcome] and outcome or nil
  end
  at.has_plan = at.has_plan or PLAN_AFTER[name]
end

--- A walk of some steps, with reopenings wherever they may be.
local function walk(random, graph, published)
  local at = { cursor = graph.start, steps = {}, bases = {}, visits = {}, outputs = {} }
  local length = random(MOST_STEPS + 1) - 1
  while true do
    local may_reopen = tables.contains(graph.refine.from, at.cursor) and #at.steps > 0
      and at.bases[#at.bases] ~= #at.steps
    if may_reopen and random(4) == 1 then
      reopen(graph, at)
    elseif #at.steps >= length or graph.terminals[at.cursor] then
      return at
    end
    if not graph.terminals[at.cursor] then
      take_step(random, graph, at, published)
    end
  end
end

local function or_null(value)
  return value == nil and strict.null or value
end

local function maybe(random, object, key, value)
  if random(2) == 1 then
    object[key] = value
  end
end

--- The same path, in another way of writing that counts as well.
local function spell(random, path)
  local way = random(6)
  return way == 1 and path:gsub("/", "//", 1) or way == 2 and "./" .. path
    or way == 3 and path:gsub("/", "/./", 1) or path
end

local function state_steps(random, at)
  local array = strict.array()
  for index, step in ipairs(at.steps) do
    local stdout = step.stdout ~= at.findings and spell(random, step.stdout) or step.stdout
    array[index] = strict.object {
      name = step.name, outcome = step.outcome, completed_at = generate.pick(random, TIMES),
      outputs = strict.object { stdout = stdout },
    }
    maybe(random, array[index], "agent", generate.pick(random, { strict.null, "claude" }))
    maybe(random, array[index], "model", generate.pick(random, { strict.null, "m-1" }))
    maybe(random, array[index], "effort", generate.pick(random, { strict.null, "whatever" }))
  end
  return array
end

local function state_feedback(random)
  local array = strict.array()
  for index = 1, random(3) - 1 do
    array[index] = random(3) == 1 and "bare words" or strict.object {
      received_at = generate.pick(random, { "", TIMES[1] }),
      source = generate.pick(random, { "message", "file" }), text = "words\n\u{202E}",
    }
  end
  return array
end

local function to_strict(map)
  local object = strict.object()
  for key, value in pairs(map) do
    object[key] = type(value) == "table" and to_strict(value) or value
  end
  return object
end

local function record_of(graph)
  local terminals = strict.object()
  for name, status in pairs(graph.terminals) do
    terminals[name] = strict.object { status = status }
  end
  return strict.object {
    file = "ours", name = "ours", start = graph.start, edges = to_strict(graph.edges),
    terminals = terminals, max_visits = to_strict(graph.max_visits),
    refine = strict.object { to = graph.refine.to,
      from = strict.array { table.unpack(graph.refine.from) } },
  }
end

local function make_state(random, graph, at)
  local state = strict.object {
    schema_version = 1, target = "Tidy it", next_step = at.cursor,
    completed_steps = state_steps(random, at), started_at = TIMES[1], updated_at = TIMES[2],
    feedback = state_feedback(random), review_findings = or_null(at.findings),
    final_decision = or_null(at.decision), final_reason = at.decision and " because" or strict.null,
  }
  if #at.bases > 0 or random(2) == 1 then
    state.revision_base_step_counts = strict.array { table.unpack(at.bases) }
  end
  if #at.bases == 1 and random(3) == 1 then
    state.revision_base_step_counts, state.revision_base_step_count = nil, at.bases[1]
  end
  if graph ~= BUILT_IN then
    state.pipeline = record_of(graph)
  end
  return state
end

local function make_phases(random, at, files)
  local phases = strict.array()
  for index = 1, at.has_plan and random(4) or 0 do
    local name = ("part-%d"):format(index)
    local file = ("phase-%s%d-%s.md"):format(random(3) == 1 and "0" or "", index, name)
    files[file] = "# Part\r\n\n##  precondition \nx\n\n## Definition of Done\n\ny\n"
    phases[index] = strict.object {
      name = name, file = random(4) == 1 and "./" .. file or file, done = false,
      [random(5) == 1 and "ready_when" or "precondition"] = "None.",
    }
    maybe(random, phases[index], "required_effort",
      generate.pick(random, { strict.null, table.unpack(EFFORTS) }))
    maybe(random, phases[index], "effort_reason", generate.pick(random, { strict.null, "why" }))
    maybe(random, phases[index], "owner", generate.strict(random, 2))
  end
  return phases
end

local function make_manifest(random, slug, status, phases)
  local manifest = strict.object {
    name = slug, status = status, created_at = generate.pick(random, TIMES),
    last_touch = generate.pick(random, TIMES), current_phase = phases[1] and phases[1].name or "",
    phases = phases,
  }
  if phases[1] and random(5) == 1 then
    manifest.current_phase = random(#phases) - 1 -- an older tool's index
  end
  maybe(random, manifest, "wake_up_on", generate.pick(random, { strict.null, TIMES[1] }))
  maybe(random, manifest, "cooldown_until", generate.pick(random, { strict.null, "", TIMES[2] }))
  maybe(random, manifest, "awaiting_human_review", random(2) == 1)
  maybe(random, manifest, "human_review_reason", generate.pick(random, { strict.null, "look" }))
  maybe(random, manifest, "owner", generate.strict(random, 2))
  return manifest
end

local M = {}

---@class spec.Walked
---@field published string
---@field manifest table  strict
---@field state table     strict
---@field files table<string, string>  text by path, without manifest and state
---@field cursor string

--- A valid migration. Its status is planning, unless `settles` and the walk ended as ready.
---@param random fun(n: integer): integer
---@param live string
---@param slug string
---@param settles? boolean
---@return spec.Walked
function M.make(random, live, slug, settles)
  local graph = random(4) == 1 and LOOP or BUILT_IN
  local published = live .. "/" .. slug
  local at = walk(random, graph, published)
  local files = at.outputs
  local phases = make_phases(random, at, files)
  if at.has_plan then
    files["plan.md"] = "# Plan\n"
  end
  local is_ready = settles and graph.terminals[at.cursor] == "ready"
  return {
    published = published, cursor = at.cursor, files = files,
    manifest = make_manifest(random, slug, is_ready and "ready" or "planning", phases),
    state = make_state(random, graph, at),
  }
end

--- Writes it into anything that has `write`.
---@param dir { write: fun(self: table, rel: string, text: string): string }
---@param made spec.Walked
function M.write(dir, made)
  dir:write(made.published .. "/manifest.json", assert(strict.encode(made.manifest)))
  dir:write(made.published .. "/.planning/state.json", assert(strict.encode(made.state)))
  for path, text in pairs(made.files) do
    dir:write(made.published .. "/" .. path, text)
  end
end

return M
