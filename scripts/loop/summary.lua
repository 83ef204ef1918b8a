--- What a run did so far, as counts and as a document that is written again after every event.

local json = require "lib.json"
local tables = require "lib.tables"

local SCHEMA_VERSION <const> = 1
-- A try that another one follows is not a failure yet.
local COUNTED_AS <const> = {
  abandon = "failures", blocked = "failures", retry = "retries", deferred = "deferred",
  unchanged = "unchanged",
}

---@class mighost.LoopAttempt
---@field attempt integer the action's number
---@field retry integer|nil the number of the try; 1 is the first
---@field role string
---@field target string|nil a description or a slug
---@field decision "commit"|"retry"|"abandon"|"blocked"|"deferred"|"unchanged"
---@field recommendation string|nil
---@field failure_kind string|nil
---@field summary string|nil
---@field commit string|nil
---@field effort_asked string|nil
---@field effort_used string|nil
---@field seconds number|nil
---@field snapshot string|nil path of the failure snapshot

---@class mighost.Counts
---@field targets integer source targets that were routed
---@field plans integer migrations that were begun
---@field planning_steps integer accepted ones, the first of a plan included
---@field phases integer that are done
---@field refactors integer commits of source targets
---@field commits integer
---@field retries integer
---@field failures integer
---@field deferred integer
---@field unchanged integer

local function count_commit(counts, entry)
  counts.commits = counts.commits + 1
  if entry.role:find("^planning%.") then
    counts.planning_steps = counts.planning_steps + 1
  elseif entry.role:find("^phase%.") then
    counts.phases = counts.phases + 1
  else
    counts.refactors = counts.refactors + 1
  end
end

local M = {}

---@param attempts mighost.LoopAttempt[]
---@param tallies { targets: integer|nil, plans: integer|nil }
---@return mighost.Counts
function M.count(attempts, tallies)
  local counts = {
    targets = tallies.targets or 0, plans = tallies.plans or 0, planning_steps = 0, phases = 0,
    refactors = 0, commits = 0, retries = 0, failures = 0, deferred = 0, unchanged = 0,
  }
  for _, entry in ipairs(attempts) do
    local name = COUNTED_AS[entry.decision]
    if entry.decision == "commit" then
      count_commit(counts, entry)
    elseif name then
      counts[name] = counts[name] + 1
    end
  end
  return counts
end

---Adds what is known of an attempt, or adds to what is known: without a number of the try to the
---latest one of its role.
---@param attempts mighost.LoopAttempt[]
---@param fields table
---@return mighost.LoopAttempt
function M.merge(attempts, fields)
  local entry
  for index = #attempts, 1, -1 do
    local known = attempts[index]
    if known.attempt == fields.attempt and known.role == fields.role
      and (fields.retry == nil or known.retry == fields.retry)
      and (fields.target == nil or known.target == nil or known.target == fields.target) then
      entry = known
      break
    end
  end
  if not entry then
    entry = { retry = 1 }
    attempts[#attempts + 1] = entry
  end
  for name, value in pairs(fields) do
    entry[name] = value
  end
  return entry
end

---@param facts { run: string, command: string, root: string, status: string, message: string|nil,
---  started_at: string, updated_at: string, finished_at: string|nil, settings: table,
---  spent: mighost.Spending }
---@param attempts mighost.LoopAttempt[]
---@param counts mighost.Counts
---@return string
function M.encode(facts, attempts, counts)
  local document = tables.copy({ schema_version = SCHEMA_VERSION, counts = counts,
    attempts = json.array(attempts) }, facts)
  return json.encode(json.fill(document, { "finished_at", "message" })) .. "\n"
end

return M
