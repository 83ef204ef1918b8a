--- What the adapters of agents are given, made up: a call, and the report of a program that ended.

local output = require "planning.output"
local tables = require "lib.tables"

local M = {}

--- A call of a stage, with places that nothing looks at.
---@param more? table<string, any>  other fields
---@return mighost.Call
function M.call(more)
  return tables.copy({ prompt = "Stage: review\n", model = "m-1", effort = "xhigh", work_dir = "/w",
    artifacts = "/a", repo_root = "/r", prompt_file = "/a/prompt.md", temp = "/t",
    env = { HOME = "/h" } }, more)
end

--- What was printed, as an adapter reads it.
---@param text string
---@return mighost.Output
function M.printed(text)
  return output.open({ bytes = #text, head = text, tail = "", whole = true }, "/nowhere")
end

--- The report of a program that printed `out` and ended with 0.
---@param out string
---@param more? table<string, any>  other fields
---@return table
function M.report(out, more)
  return tables.copy({ exit = 0, stdout = M.printed(out), stderr = M.printed(""), files = {} },
    more)
end

return M
