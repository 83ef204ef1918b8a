--- Whether a pipeline's table is a sound graph: every edge leads somewhere, every walk can end.

local check = require "lib.check"
local tables = require "lib.tables"

local FIELDS <const> = {
  name = "string", start = "string", edges = "map", terminals = "map", refine = "map?",
  max_visits = "map?",
}
local REFINE <const> = { to = "string", from = "strings" }
local TERMINAL <const> = { status = "string", awaiting_human_review = "boolean?" }
local MOST_STAGES <const> = 500 -- far more than anybody reads; checking takes the square of it
local STATUSES <const> = { ready = true, skipped = true }
local MENDS <const> = {
  ["unknown-field"] = "remove it, or write it as the field that is meant",
  ["missing-field"] = "add it",
  ["wrong-type"] = "change its value to what it must be",
}

local function sorted_keys(map)
  return tables.sorted_keys(map, function(a, b) -- a team's keys may be anything
    return tostring(a) < tostring(b)
  end)
end

---A collector of problems.
local function collector()
  local problems = {}
  return problems, function(code, at, message, mend)
    problems[#problems + 1] =
      { severity = "error", code = code, at = at, message = message, mend = mend }
  end
end

local function is_safe_name(name)
  return name:find("^%w[%w._-]*$") ~= nil
end

local function is_cursor(pipeline, name)
  return pipeline.edges[name] ~= nil or pipeline.terminals[name] ~= nil
end

---What to do about a name that is neither a stage nor a terminal: the nearest that is one.
local function mend_name(name, ...)
  local names = {}
  for _, map in ipairs { ... } do
    table.move(sorted_keys(map), 1, #sorted_keys(map), #names + 1, names)
  end
  local near = require("lib.nearest").find(name, names)
  return near and ("did you mean %s? else give it edges of its own"):format(near)
    or "name a stage or a terminal of this pipeline, or give it edges of its own"
end

local function report_fields(found, prefix, at, report)
  for _, problem in ipairs(found) do
    local place = table.move(at, 1, #at, 1, {})
    if problem.code ~= "missing-field" then
      place[#place + 1] = problem.field
    end
    report(problem.code, place, prefix .. problem.message, MENDS[problem.code])
  end
end

local function check_outcomes(pipeline, step, report)
  for _, outcome in ipairs(sorted_keys(pipeline.edges[step])) do
    local cursor, at = pipeline.edges[step][outcome], { "edges", step, outcome }
    if type(outcome) ~= "string" or outcome == "" or type(cursor) ~= "string" then
      report("wrong-type", at,
        ("the outcomes of stage '%s' must be names with cursors"):format(step),
        "write `outcome = \"the stage or terminal that it leads to\"`")
    elseif not is_cursor(pipeline, cursor) then
      report("leads-nowhere", at, ("outcome '%s' of stage '%s' leads to '%s', which does not exist")
        :format(outcome, step, cursor), mend_name(cursor, pipeline.edges, pipeline.terminals))
    end
  end
end

local function check_edges(pipeline, report)
  local steps = sorted_keys(pipeline.edges)
  if #steps > MOST_STAGES then
    return report("too-many-stages", { "edges" }, ("it has %d stages; there may be %d"):format(
      #steps, MOST_STAGES), "join stages")
  end
  for _, step in ipairs(steps) do
    local outcomes, at = pipeline.edges[step], { "edges", step }
    if not is_safe_name(step) then
      report("unsafe-name", at, ("the stage name %q is not safe as a file name"):format(step),
        "use letters, digits, '.', '_' and '-', beginning with a letter or a digit")
    elseif type(outcomes) ~= "table" or next(outcomes) == nil then
      report("no-outcomes", at, ("stage '%s' has no outcomes"):format(step),
        "write { outcome = \"the stage or terminal that it leads to\" } for each of its outcomes")
    else
      if pipeline.terminals[step] then
        report("name-clash", at, ("'%s' is both a stage and a terminal"):format(step),
          "give the terminal another name")
      end
      check_outcomes(pipeline, step, report)
    end
  end
end

local function check_terminals(pipeline, report)
  for _, name in ipairs(sorted_keys(pipeline.terminals)) do
    local terminal, at = pipeline.terminals[name], { "terminals", name }
    if not is_safe_name(name) or type(terminal) ~= "table" then
      report("bad-terminal", at, ("terminal %q must have a plain name and be a table"):format(name),
        "write [\"terminal-<word>\"] = { status = \"ready\" }, or \"skipped\"")
    else
      local found = check.problems(terminal, TERMINAL)
      report_fields(found, ("terminal '%s': "):format(name), at, report)
      if #found == 0 and not STATUSES[terminal.status] then
        report("bad-terminal", { "terminals", name, "status" },
          ("the status of terminal '%s' must be ready or skipped, not %q"):format(name,
            terminal.status), "write status = \"ready\" or status = \"skipped\"")
      elseif #found == 0 and terminal.awaiting_human_review and terminal.status ~= "ready" then
        report("bad-terminal", { "terminals", name, "awaiting_human_review" },
          ("terminal '%s' waits for a person, but a review ends with a plan that is ready"):format(
            name), "write status = \"ready\", or leave awaiting_human_review out")
      end
    end
  end
  if next(pipeline.terminals) == nil then
    report("no-terminal", { "terminals" }, "it has no terminal",
      "add one, such as [\"terminal-ready\"] = { status = \"ready\" }")
  end
end

local function check_refine(pipeline, report)
  local refine = pipeline.refine
  if not refine then
    return
  end
  local found = check.problems(refine, REFINE)
  report_fields(found, "refine: ", { "refine" }, report)
  if #found > 0 then
    return
  elseif not pipeline.edges[refine.to] then
    report("bad-refine", { "refine", "to" },
      ("refine.to is '%s', which is not a stage"):format(refine.to),
      mend_name(refine.to, pipeline.edges))
  end
  for index, cursor in ipairs(refine.from) do
    if not is_cursor(pipeline, cursor) then
      report("bad-refine", { "refine", "from", index },
        ("refine.from has '%s', which is neither a stage nor a terminal"):format(cursor),
        mend_name(cursor, pipeline.edges, pipeline.terminals))
    end
  end
end

local function check_max_visits(pipeline, report)
  for _, step in ipairs(sorted_keys(pipeline.max_visits)) do
    local limit, at = pipeline.max_visits[step], { "max_visits", step }
    if not pipeline.edges[step] then
      report("bad-max-visits", at, ("max_visits has '%s', which is not a stage"):format(step),
        mend_name(step, pipeline.edges))
    elseif math.type(limit) ~= "integer" or limit < 1 then
      report("bad-max-visits", at,
        ("max_visits of '%s' must be a whole number from 1 on"):format(step),
        "write how often the stage may run")
    end
  end
end

---Everything that can be reached from a cursor, itself included.
local function reachable_from(pipeline, start, marks)
  local waiting = { start }
  marks = marks or {}
  while #waiting > 0 do
    local cursor = table.remove(waiting)
    if not marks[cursor] then
      marks[cursor] = true
      for _, next_cursor in pairs(pipeline.edges[cursor] or {}) do
        waiting[#waiting + 1] = next_cursor
      end
    end
  end
  return marks
end

local function reaches_terminal(pipeline, step)
  local marks = reachable_from(pipeline, step)
  for name in pairs(pipeline.terminals) do
    if marks[name] then
      return true
    end
  end
  return false
end

---Whether a walk from `step` can come back to it without passing a stage with a limit.
local function has_free_loop(pipeline, step)
  local marks, waiting = {}, { step }
  while #waiting > 0 do
    local current = table.remove(waiting)
    for _, next_step in pairs(pipeline.edges[current]) do
      if next_step == step then
        return true
      end
      local is_bounded = pipeline.max_visits[next_step]
      if pipeline.edges[next_step] and not is_bounded and not marks[next_step] then
        marks[next_step] = true
        waiting[#waiting + 1] = next_step
      end
    end
  end
  return false
end

local function check_walks(pipeline, report)
  if not pipeline.edges[pipeline.start] then
    return report("bad-start", { "start" }, ("start is '%s', which is not a stage"):format(
      pipeline.start), mend_name(pipeline.start, pipeline.edges))
  end
  local reached = reachable_from(pipeline, pipeline.start)
  if pipeline.refine then
    reachable_from(pipeline, pipeline.refine.to, reached)
  end
  for _, step in ipairs(sorted_keys(pipeline.edges)) do
    local at = { "edges", step }
    if not reached[step] then
      report("unreachable-stage", at, ("stage '%s' cannot be reached"):format(step),
        "let an outcome of another stage lead to it, or remove it")
    elseif not reaches_terminal(pipeline, step) then
      report("no-way-out", at, ("no terminal can be reached from stage '%s'"):format(step),
        "let one of its outcomes lead towards a terminal")
    elseif not pipeline.max_visits[step] and has_free_loop(pipeline, step) then
      report("unbounded-loop", at,
        ("stage '%s' is in a loop without a limit: give max_visits"):format(step),
        ("write max_visits = { [%q] = 3 }, or bound another stage of the loop"):format(step))
    end
  end
end

local CHECKS <const> = { check_terminals, check_edges, check_refine, check_max_visits }

local M = {}

---Everything that is wrong with a pipeline as a file returned it: fields, edges, reachability,
---loops.
---@param fields table
---@return mighost.Problem[]
function M.problems(fields)
  local problems, report = collector()
  report_fields(check.problems(fields, FIELDS), "", {}, report)
  if #problems > 0 then
    return problems
  end
  local pipeline = {
    start = fields.start, edges = fields.edges, terminals = fields.terminals,
    refine = fields.refine, max_visits = fields.max_visits or {},
  }
  for _, check_part in ipairs(CHECKS) do
    check_part(pipeline, report)
  end
  if #problems == 0 then
    check_walks(pipeline, report)
  end
  return problems
end

---Checks a pipeline as a file returned it and fills in what may be left out.
---@param fields table
---@param where string the file, named in the message
---@return mighost.Pipeline|nil
---@return string|nil message
function M.check(fields, where)
  local first = M.problems(fields)[1]
  if first then
    return nil, ("%s: %s"):format(where, first.message)
  end
  return {
    name = fields.name,
    file = where:match("[^/]*$"),
    start = fields.start,
    edges = fields.edges,
    terminals = fields.terminals,
    refine = fields.refine,
    max_visits = fields.max_visits or {},
  }
end

---The cursors that can be reached from one, itself included.
---@param pipeline mighost.Pipeline
---@param cursor string
---@return table<string, boolean>
function M.reachable(pipeline, cursor)
  return reachable_from(pipeline, cursor)
end

return M
