--- How many calls of agents a pipeline takes at worst, from its start to an end.

local tables = require "lib.tables"

local MOST_STATES <const> = 20000 -- that are looked at one by one; beyond them a bound is given

---Stages with a limit, in order.
local function bounded_stages(pipeline)
  local names = {}
  for _, name in ipairs(tables.sorted_keys(pipeline.max_visits)) do
    names[#names + 1] = pipeline.edges[name] and name
  end
  return names
end

---A bound for what is too large to be walked through: between two visits of stages with a limit no
---other stage runs twice, since every loop passes one of them.
local function upper_bound(pipeline, bounded)
  local visits = 0
  for _, name in ipairs(bounded) do
    visits = visits + pipeline.max_visits[name]
  end
  local free = #tables.sorted_keys(pipeline.edges) - #bounded
  return visits + (visits + 1) * free
end

local function count_states(pipeline, bounded)
  local states = #tables.sorted_keys(pipeline.edges)
  for _, name in ipairs(bounded) do
    states = states * (pipeline.max_visits[name] + 1)
    if states > MOST_STATES then
      return states
    end
  end
  return states
end

---@class mighost.Walk
---@field pipeline mighost.Pipeline
---@field bounded string[]
---@field known table<string, integer>
local Walk <const> = {}
Walk.__index = Walk

function Walk:key(cursor, visits)
  local parts = { cursor }
  for index, name in ipairs(self.bounded) do
    parts[index + 1] = visits[name] or 0
  end
  return table.concat(parts, "\0")
end

---The most calls from a stage on, the visits so far given.  A call after which every way is barred
---by a limit is not made.
function Walk:longest(cursor, visits)
  local key = self:key(cursor, visits)
  if self.known[key] then
    return self.known[key]
  end
  local pipeline = self.pipeline
  local after = tables.copy(visits)
  after[cursor] = pipeline.max_visits[cursor] and (after[cursor] or 0) + 1 or nil
  local most, leads = 0, false
  for _, next_cursor in pairs(pipeline.edges[cursor]) do
    local limit = pipeline.max_visits[next_cursor]
    if not limit or (after[next_cursor] or 0) < limit then
      leads = true
      most = math.max(most, pipeline.edges[next_cursor] and self:longest(next_cursor, after) or 0)
    end
  end
  self.known[key] = leads and most + 1 or 0
  return self.known[key]
end

local M = {}

---@param pipeline mighost.Pipeline a sound one
---@return integer calls at most, as long as nobody refines the plan and no answer is refused
function M.worst(pipeline)
  local bounded = bounded_stages(pipeline)
  if count_states(pipeline, bounded) > MOST_STATES then
    return upper_bound(pipeline, bounded)
  end
  return setmetatable({ pipeline = pipeline, bounded = bounded, known = {} }, Walk)
    :longest(pipeline.start, {})
end

return M
