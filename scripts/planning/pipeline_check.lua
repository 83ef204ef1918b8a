--- Whether a pipeline's table is a sound graph: every edge leads somewhere, every walk can end.

local check = require "lib.check"

local FIELDS <const> = {
  name = "string", start = "string", edges = "map", terminals = "map", refine = "map?",
  max_visits = "map?",
}
local REFINE <const> = { to = "string", from = "strings" }
local TERMINAL <const> = { status = "string", awaiting_human_review = "boolean?" }
local MOST_STAGES <const> = 500 -- far more than anybody reads; checking takes the square of it
local STATUSES <const> = { ready = true, skipped = true }

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function is_safe_name(name)
  return name:find("^%w[%w._-]*$") ~= nil
end

local function is_cursor(pipeline, name)
  return pipeline.edges[name] ~= nil or pipeline.terminals[name] ~= nil
end

local function check_edges(pipeline)
  local steps = sorted_keys(pipeline.edges)
  if #steps > MOST_STAGES then
    return nil, ("it has %d stages; there may be %d"):format(#steps, MOST_STAGES)
  end
  for _, step in ipairs(steps) do
    local outcomes = pipeline.edges[step]
    if not is_safe_name(step) then
      return nil, ("the stage name %q is not safe as a file name"):format(step)
    elseif type(outcomes) ~= "table" or next(outcomes) == nil then
      return nil, ("stage '%s' has no outcomes"):format(step)
    elseif pipeline.terminals[step] then
      return nil, ("'%s' is both a stage and a terminal"):format(step)
    end
    for outcome, cursor in pairs(outcomes) do
      if type(outcome) ~= "string" or outcome == "" or type(cursor) ~= "string" then
        return nil, ("the outcomes of stage '%s' must be names with cursors"):format(step)
      elseif not is_cursor(pipeline, cursor) then
        return nil, ("outcome '%s' of stage '%s' leads to '%s', which is no cursor"):format(outcome,
          step, cursor)
      end
    end
  end
  return true
end

local function check_terminals(pipeline)
  for _, name in ipairs(sorted_keys(pipeline.terminals)) do
    local terminal = pipeline.terminals[name]
    if not is_safe_name(name) or type(terminal) ~= "table" then
      return nil, ("terminal %q must have a plain name and be a table"):format(name)
    end
    local ok, message = check.fields(terminal, TERMINAL, ("terminal '%s'"):format(name))
    if not ok then
      return nil, message
    elseif not STATUSES[terminal.status] then
      return nil, ("the status of terminal '%s' must be ready or skipped, not %q"):format(name,
        terminal.status)
    end
  end
  return true
end

local function check_refine(pipeline)
  local refine = pipeline.refine
  if not refine then
    return true
  end
  local ok, message = check.fields(refine, REFINE, "refine")
  if not ok then
    return nil, message
  elseif not pipeline.edges[refine.to] then
    return nil, ("refine.to is '%s', which is no stage"):format(refine.to)
  end
  for _, cursor in ipairs(refine.from) do
    if not is_cursor(pipeline, cursor) then
      return nil, ("refine.from has '%s', which is neither a stage nor a terminal"):format(cursor)
    end
  end
  return true
end

local function check_max_visits(pipeline)
  for _, step in ipairs(sorted_keys(pipeline.max_visits)) do
    local limit = pipeline.max_visits[step]
    if not pipeline.edges[step] then
      return nil, ("max_visits has '%s', which is no stage"):format(step)
    elseif math.type(limit) ~= "integer" or limit < 1 then
      return nil, ("max_visits of '%s' must be a whole number from 1 on"):format(step)
    end
  end
  return true
end

---Everything that can be reached from `cursor`, itself included.
local function mark_reachable(pipeline, cursor, marks)
  if marks[cursor] then
    return
  end
  marks[cursor] = true
  for _, next_cursor in pairs(pipeline.edges[cursor] or {}) do
    mark_reachable(pipeline, next_cursor, marks)
  end
end

local function reaches_terminal(pipeline, step)
  local marks = {}
  mark_reachable(pipeline, step, marks)
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

local function check_walks(pipeline)
  if not pipeline.edges[pipeline.start] then
    return nil, ("start is '%s', which is no stage"):format(pipeline.start)
  end
  local reached = {}
  mark_reachable(pipeline, pipeline.start, reached)
  if pipeline.refine then
    mark_reachable(pipeline, pipeline.refine.to, reached)
  end
  for _, step in ipairs(sorted_keys(pipeline.edges)) do
    if not reached[step] then
      return nil, ("stage '%s' cannot be reached"):format(step)
    elseif not reaches_terminal(pipeline, step) then
      return nil, ("no terminal can be reached from stage '%s'"):format(step)
    elseif not pipeline.max_visits[step] and has_free_loop(pipeline, step) then
      return nil, ("stage '%s' is in a loop without a limit: give max_visits"):format(step)
    end
  end
  return true
end

local CHECKS <const> = {
  check_terminals, check_edges, check_refine, check_max_visits, check_walks,
}

local M = {}

---Checks a pipeline as a file returned it: fields, every edge, reachability, bounded loops.
---@param fields table
---@param where string the file, named in the message
---@return mighost.Pipeline|nil
---@return string|nil message
function M.check(fields, where)
  local ok, message = check.fields(fields, FIELDS, where)
  if not ok then
    return nil, message
  end
  local pipeline = {
    name = fields.name,
    file = where:match("[^/]*$"),
    start = fields.start,
    edges = fields.edges,
    terminals = fields.terminals,
    refine = fields.refine,
    max_visits = fields.max_visits or {},
  }
  for _, check_part in ipairs(CHECKS) do
    ok, message = check_part(pipeline)
    if not ok then
      return nil, where .. ": " .. message
    end
  end
  return pipeline
end

return M
