--- A pipeline together with the stages it names: checked as a whole before any agent is paid.

local M = {}

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

local function to_set(list)
  local set = {}
  for _, item in ipairs(list or {}) do
    set[item] = true
  end
  return set
end

---Every outcome of a stage leads somewhere, and every edge has an outcome that the stage can have.
local function check_outcomes(pipeline, name, stage)
  local declared = to_set(stage.outcomes)
  for _, outcome in ipairs(sorted_keys(pipeline.edges[name])) do
    if not declared[outcome] then
      return nil, ("pipeline %s: stage %s has no outcome %s"):format(pipeline.name, name, outcome)
    end
  end
  for _, outcome in ipairs(stage.outcomes) do
    if not pipeline.edges[name][outcome] then
      return nil, ("pipeline %s: outcome %s of stage %s leads nowhere"):format(pipeline.name,
        outcome, name)
    end
  end
  return true
end

---What is there for certain when a cursor is reached: the intersection over every way to it.
local function narrow(known, cursor, arriving)
  if not known[cursor] then
    known[cursor] = arriving
    return true
  end
  local kept = {}
  local lost = false
  for item in pairs(known[cursor]) do
    if arriving[item] then
      kept[item] = true
    else
      lost = true
    end
  end
  known[cursor] = kept
  return lost
end

local function leaving(known, stages, name)
  local set = {}
  for item in pairs(known[name]) do
    set[item] = true
  end
  for _, item in ipairs(stages[name].produces or {}) do
    set[item] = true
  end
  return set
end

local function spread(pipeline, stages, known)
  local changed = false
  for _, name in ipairs(sorted_keys(pipeline.edges)) do
    if known[name] then
      for _, outcome in ipairs(sorted_keys(pipeline.edges[name])) do
        local target = pipeline.edges[name][outcome]
        changed = narrow(known, target, leaving(known, stages, name)) or changed
      end
    end
  end
  for _, from in ipairs(pipeline.refine and pipeline.refine.from or {}) do
    if known[from] then
      changed = narrow(known, pipeline.refine.to, known[from]) or changed
    end
  end
  return changed
end

---What each stage needs has been produced on every path from the start.
local function check_needs(pipeline, stages)
  local known = { [pipeline.start] = {} }
  while spread(pipeline, stages, known) do
  end
  for _, name in ipairs(sorted_keys(pipeline.edges)) do
    for _, need in ipairs(known[name] and stages[name].needs or {}) do
      if not known[name][need] then
        return nil, ("pipeline %s: stage %s needs %s, which not every path to it produces"):format(
          pipeline.name, name, need)
      end
    end
  end
  return true
end

---Loads every stage of a pipeline and checks that the whole fits together.
---@param reg mighost.Registry
---@param pipeline mighost.Pipeline
---@return table<string, mighost.Stage>|nil stages by name
---@return string? message
---@return string? NAME
---@return string? fix
function M.load(reg, pipeline)
  local stages = {}
  for _, name in ipairs(sorted_keys(pipeline.edges)) do
    local stage, message, code, fix = reg:stage(name)
    if not stage then
      return nil, message, code, fix
    end
    local fits, why = check_outcomes(pipeline, name, stage)
    if not fits then
      return nil, why, "ECONFIG"
    end
    stages[name] = stage
  end
  local fits, why = check_needs(pipeline, stages)
  if not fits then
    return nil, why, "ECONFIG"
  end
  return stages
end

return M
