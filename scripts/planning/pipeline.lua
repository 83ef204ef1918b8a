--- A pipeline: which stage comes after which outcome, as one graph.
---
--- A cursor is the name of a stage or of a terminal. Everything that moves a cursor (replay,
--- acceptance, reopening) asks this module and knows no stage by name.

local pipeline_check = require "planning.pipeline_check"
local strict = require "lib.strict"
local tables = require "lib.tables"

local BUILT_IN <const> = "pipeline"

local function to_object(map, convert)
  local object = strict.object()
  for key, value in pairs(map) do
    object[key] = convert and convert(value) or value
  end
  return object
end

---The graph as a strict value, without the names of pipeline and file.
local function graph_to_strict(pipeline)
  local graph = strict.object {
    start = pipeline.start,
    edges = to_object(pipeline.edges, to_object),
    terminals = to_object(pipeline.terminals, to_object),
    max_visits = to_object(pipeline.max_visits),
  }
  if pipeline.refine then
    graph.refine = strict.object {
      to = pipeline.refine.to,
      from = strict.array(table.move(pipeline.refine.from, 1, #pipeline.refine.from, 1, {})),
    }
  end
  return graph
end

---Plain tables from strict ones; null becomes nil.
local function to_plain(value)
  if value == strict.null then
    return nil
  elseif not strict.is_object(value) and not strict.is_array(value) then
    return value
  end
  local plain = {}
  for key, item in pairs(value) do
    plain[key] = to_plain(item)
  end
  return plain
end

local built_in

local M = { check = pipeline_check.check, reachable = pipeline_check.reachable }

---mighost's own pipeline, which a state follows that records none.
---@return mighost.Pipeline|nil
---@return string|nil message
---@return string|nil NAME
function M.built_in()
  if not built_in then
    local registry = require("planning.registry").new(nil, { installed = true })
    local pipeline, message, name = registry:pipeline(BUILT_IN)
    if not pipeline then
      return nil, message, name
    end
    built_in = pipeline
  end
  return built_in
end

---The cursor behind an outcome; nil where the stage has no such outcome.
---@param pipeline mighost.Pipeline
---@param step string
---@param outcome string
---@return string|nil cursor
function M.edge(pipeline, step, outcome)
  local outcomes = pipeline.edges[step]
  return outcomes and outcomes[outcome]
end

---@param pipeline mighost.Pipeline
---@param cursor string
---@return boolean
function M.is_terminal(pipeline, cursor)
  return pipeline.terminals[cursor] ~= nil
end

---@param pipeline mighost.Pipeline
---@param cursor string
---@return boolean
function M.is_step(pipeline, cursor)
  return pipeline.edges[cursor] ~= nil
end

---@param pipeline mighost.Pipeline
---@param step string
---@return string[] outcomes sorted; empty where it is not a stage
function M.outcomes(pipeline, step)
  return tables.sorted_keys(pipeline.edges[step] or {})
end

---Whether planning may be reopened where it stands.
---@param pipeline mighost.Pipeline
---@param cursor string
---@return boolean
function M.can_reopen(pipeline, cursor)
  return tables.contains(pipeline.refine and pipeline.refine.from or {}, cursor)
end

---Whether two pipelines are the same graph, whatever they and their files are called.
---@param a mighost.Pipeline
---@param b mighost.Pipeline
---@return boolean
function M.same(a, b)
  return a == b or strict.encode(graph_to_strict(a)) == strict.encode(graph_to_strict(b))
end

---What a state records of a pipeline.
---@param pipeline mighost.Pipeline
---@return table record a strict object
function M.to_record(pipeline)
  local record = graph_to_strict(pipeline)
  record.name = pipeline.name
  record.file = pipeline.file
  return record
end

---@param record any a strict value
---@return mighost.Pipeline|nil
---@return string|nil message
function M.from_record(record)
  if not strict.is_object(record) or type(record.file) ~= "string" then
    return nil, "the recorded pipeline must be an object with a file"
  end
  local fields = to_plain(record)
  fields.file = nil
  local pipeline, message = pipeline_check.check(fields, "the recorded pipeline")
  if pipeline then
    pipeline.file = record.file
  end
  return pipeline, message
end

return M
