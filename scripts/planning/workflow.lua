--- A pipeline together with the stages it names: checked as a whole before any agent is paid.

local text = require "lib.text"

local pipelines = require "planning.pipeline"
local tables = require "lib.tables"

local ARROW <const> = " -> "

local function problem(code, at, message, mend)
  return { severity = "error", code = code, at = at, message = message, mend = mend }
end

---Edges of outcomes that the stage can never have.
local function find_odd_edges(pipeline, name, stage, problems)
  local declared = tables.to_set(stage.outcomes)
  for _, outcome in ipairs(tables.sorted_keys(pipeline.edges[name])) do
    if not declared[outcome] then
      problems[#problems + 1] = problem("undeclared-outcome", { "edges", name, outcome },
        ("stage %s has no outcome %s"):format(name, outcome),
        ("remove the edge, or declare the outcome in the stage; it has %s"):format(
          table.concat(stage.outcomes, ", ")))
    end
  end
end

---Outcomes of the stage that the pipeline does not know.
local function find_loose_outcomes(pipeline, name, stage, problems)
  for _, outcome in ipairs(stage.outcomes) do
    if not pipeline.edges[name][outcome] then
      problems[#problems + 1] = problem("leads-nowhere", { "edges", name },
        ("outcome %s of stage %s leads nowhere"):format(outcome, name),
        ("add [%q] = \"a stage or terminal\" to the stage's edges"):format(outcome))
    end
  end
end

---Where a walk may go from a cursor without what is looked for: planning is reopened before the
---stage there runs, its outcomes come once it has left what it produces.
local function next_cursors(pipeline, cursor, produces)
  local targets = {}
  for _, outcome in ipairs(produces and {} or tables.sorted_keys(pipeline.edges[cursor] or {})) do
    targets[#targets + 1] = pipeline.edges[cursor][outcome]
  end
  if pipelines.can_reopen(pipeline, cursor) then
    targets[#targets + 1] = pipeline.refine.to
  end
  return targets
end

---Stages on a shortest walk to `name` none of which produces what it needs; nil when all ways do.
local function way_without(pipeline, stages, name, need, start)
  local came_from, waiting, index = { [start] = false }, { start }, 1
  while waiting[index] do
    local cursor = waiting[index]
    index = index + 1
    if cursor == name then
      local way = {}
      while cursor do
        table.insert(way, 1, cursor)
        cursor = came_from[cursor]
      end
      return way
    end
    local stage = stages[cursor]
    local produces = stage and tables.to_set(stage.produces or {})[need]
    for _, target in ipairs(next_cursors(pipeline, cursor, produces)) do
      if came_from[target] == nil then
        came_from[target] = cursor
        waiting[#waiting + 1] = target
      end
    end
  end
  return nil
end

---What a stage needs and not every path to it produces.
local function find_unmet(pipeline, stages, name, opts, problems)
  for _, need in ipairs(stages[name].needs or {}) do
    local way = way_without(pipeline, stages, name, need, opts.cursor or pipeline.start)
    if way and not (opts.has and opts.has(text.glob(need))) then
      problems[#problems + 1] = problem("unmet-need", { "edges", name },
        ("stage %s needs %s, which not every path to it produces: %s"):format(name, need,
          table.concat(way, ARROW)),
        ("let a stage on that path list it in 'produces', or remove it from the needs of %s")
          :format(name))
    end
  end
end

---Whether a file at any depth of a folder has a path that matches.
local function has_file(dir, folder, matches)
  for _, entry in ipairs(dir:list(folder) or {}) do
    local path = folder and folder .. "/" .. entry.name or entry.name
    local found = entry.kind == "directory" and has_file(dir, path, matches)
      or entry.kind == "file" and matches(path)
    if found then
      return true
    end
  end
  return false
end

---What a new migration needs loaded: every stage; one that goes on, what it can still come to.
local function needed_stages(pipeline, cursor)
  if not cursor then
    return tables.sorted_keys(pipeline.edges)
  end
  local names = {}
  for name in pairs(pipelines.reachable(pipeline, cursor)) do
    names[#names + 1] = pipeline.edges[name] and name
  end
  table.sort(names)
  return names
end

---The failure when a stage that this plan needs cannot be used.
local function refuse_stage(pipeline, name, cursor, message, code, fix)
  if code ~= "ECONFIG" then
    return nil, message, code, fix
  elseif cursor then
    return nil, ("%s; the plan, which stands at %s, still needs the stage %s"):format(message,
      cursor, name), code, fix or "mighost check"
  end
  return nil, ("%s; the pipeline %s needs the stage %s"):format(message, pipeline.name, name),
    code, fix or "mighost check"
end

local M = {}

---@class mighost.WorkflowOptions
---@field cursor string|nil where a plan stands that goes on; a new one begins at the start
---@field has (fun(matches: fun(path: string): boolean): boolean)|nil whether it has such a file

---Everything about a pipeline and its stages that does not fit together.
---@param pipeline mighost.Pipeline
---@param stages table<string, mighost.Stage> as many of them as could be loaded
---@param opts mighost.WorkflowOptions
---@return mighost.Problem[]
function M.problems(pipeline, stages, opts)
  local problems = {}
  local names = {}
  for _, name in ipairs(needed_stages(pipeline, opts.cursor)) do
    names[#names + 1] = stages[name] and name
  end
  for _, name in ipairs(names) do
    if not opts.cursor then -- an edge too many does a plan under way no harm
      find_odd_edges(pipeline, name, stages[name], problems)
    end
    find_loose_outcomes(pipeline, name, stages[name], problems)
  end
  for _, name in ipairs(names) do
    find_unmet(pipeline, stages, name, opts, problems)
  end
  return problems
end

---Loads the stages that a plan needs and checks that the whole fits together.
---@param reg mighost.Registry
---@param pipeline mighost.Pipeline
---@param opts? mighost.WorkflowOptions
---@return table<string, mighost.Stage>|nil stages by name
---@return string? message
---@return string? NAME
---@return string? fix
function M.load(reg, pipeline, opts)
  opts = opts or {}
  local stages = {}
  for _, name in ipairs(needed_stages(pipeline, opts.cursor)) do
    local stage, message, code, fix = reg:stage(name)
    if not stage then
      return refuse_stage(pipeline, name, opts.cursor, message, code, fix)
    end
    stages[name] = stage
  end
  local first = M.problems(pipeline, stages, opts)[1]
  if first then
    local known = opts.cursor and ", as the plan has it recorded" or ""
    return nil, ("pipeline %s%s: %s"):format(pipeline.name, known, first.message), "ECONFIG",
      "mighost check"
  end
  return stages
end

---The stages of a plan: all of a new one; of one that goes on, those that it can still come to.
---@param reg mighost.Registry
---@param live host.fs.Dir|nil the published migration
---@param state mighost.State
---@return table<string, mighost.Stage>|nil stages by name
---@return string? message
---@return string? NAME
---@return string? fix
function M.load_for(reg, live, state)
  return M.load(reg, state.graph, live and {
    cursor = state.next_step,
    has = function(matches)
      return has_file(live, nil, matches)
    end,
  })
end

---Files of the team that cannot be used; the registry tells each once.
---@param reg mighost.Registry
---@return string[] messages
function M.broken(reg)
  local messages = {}
  for _, kind in ipairs { "stages", "agents" } do
    for _, message in ipairs(reg:broken(kind)) do
      messages[#messages + 1] = message
    end
  end
  return messages
end

return M
