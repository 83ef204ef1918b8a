--- What the agents of a migration used up, as far as they told and the evidence is still there.

local folder = require "project.folder"
local json = require "lib.json"

local LIMIT <const> = { max = 1 << 20 } -- bytes of a report

---@class mighost.Spending
---@field calls integer      how many calls told what they used
---@field tokens integer     of all kinds together
---@field cost_usd? number   where the agents told

local function read_json(dir, path)
  local text = dir:read(path, LIMIT)
  local value = text and json.decode(text)
  return type(value) == "table" and value or {}
end

local function number(value)
  return type(value) == "number" and value or 0
end

local function tokens_of(usage)
  return number(usage.total_tokens) + number(usage.input_tokens) + number(usage.output_tokens)
    + number(usage.cache_creation_tokens) + number(usage.cache_read_tokens)
end

local function add_run(dir, run, slug, sum)
  local place = run .. "/planning"
  for _, entry in ipairs(dir:list(place) or {}) do
    local report = read_json(dir, ("%s/%s/report.json"):format(place, entry.name))
    if report.slug == slug and type(report.usage) == "table" then
      sum.calls = sum.calls + 1
      sum.tokens = sum.tokens + math.tointeger(tokens_of(report.usage) // 1)
      if type(report.usage.cost_usd) == "number" then
        sum.cost_usd = (sum.cost_usd or 0) + report.usage.cost_usd
      end
    end
  end
end

local M = {}

---Adds up the calls for a migration whose evidence is kept, failed ones included.
---@param state_home string
---@param root string the repository's root
---@param slug string
---@return mighost.Spending|nil spending nil where no call told anything
function M.read(state_home, root, slug)
  local dir <close> = folder.open_if_there(state_home .. "/runs")
  local sum = { calls = 0, tokens = 0 }
  for _, entry in ipairs(dir and dir:list() or {}) do
    if entry.kind == "directory" and read_json(dir, entry.name .. "/run.json").root == root then
      add_run(dir, entry.name, slug, sum)
    end
  end
  return sum.calls > 0 and sum or nil
end

return M
