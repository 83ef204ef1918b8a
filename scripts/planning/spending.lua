--- What the agents of a migration used, as far as they reported it and the evidence is still there.

local folder = require "project.folder"
local json = require "lib.json"

local DEEPEST <const> = 6 -- folders of a run below one another
local REPORT <const> = "report.json"
local LIMIT <const> = { max = 1 << 20 } -- bytes of a report

---@class mighost.Spending
---@field calls integer      how many calls told what they used
---@field tokens integer     of all kinds together
---@field cost_usd? number   where the agents told

local function number(value)
  return type(value) == "number" and value or 0
end

local function tokens_of(usage)
  return number(usage.total_tokens) + number(usage.input_tokens) + number(usage.output_tokens)
    + number(usage.cache_creation_tokens) + number(usage.cache_read_tokens)
end

local function add(sum, report)
  sum.calls = sum.calls + 1
  local usage = report.usage
  if type(usage) == "table" then
    sum.tokens = sum.tokens + math.tointeger(tokens_of(usage) // 1)
    if type(usage.cost_usd) == "number" then
      sum.cost_usd = (sum.cost_usd or 0) + usage.cost_usd
    end
  end
end

---Adds the reports of calls below a folder that `counts` takes.
local function add_folder(dir, place, counts, sum, depth)
  for _, entry in ipairs(dir:list(place) or {}) do
    local path = place .. "/" .. entry.name
    if entry.kind == "directory" and depth < DEEPEST then
      add_folder(dir, path, counts, sum, depth + 1)
    elseif entry.name == REPORT then
      local report = json.read_table(dir, path, LIMIT) or {}
      if type(report.agent) == "string" and counts(report) then
        add(sum, report)
      end
    end
  end
end

local M = {}

---Adds up the calls of agents in one run, with those that told nothing.
---@param state_home string
---@param run string its name
---@return mighost.Spending
function M.of_run(state_home, run)
  local dir <close> = folder.open_if_there(state_home .. "/runs")
  local sum = { calls = 0, tokens = 0 }
  if dir then
    add_folder(dir, run, function()
      return true
    end, sum, 1)
  end
  return sum
end

---Adds up the calls for a migration whose evidence is kept, failed ones included.
---@param state_home string
---@param root string the repository's root
---@param slug string
---@return mighost.Spending|nil spending nil where no call told anything
function M.read(state_home, root, slug)
  local dir <close> = folder.open_if_there(state_home .. "/runs")
  local sum = { calls = 0, tokens = 0 }
  for _, entry in ipairs(dir and dir:list() or {}) do
    local about = entry.kind == "directory"
      and json.read_table(dir, entry.name .. "/run.json", LIMIT)
    if about and about.root == root then
      add_folder(dir, entry.name, function(report)
        return report.slug == slug and type(report.usage) == "table"
      end, sum, 1)
    end
  end
  return sum.calls > 0 and sum or nil
end

return M
