--- Runs a function of a stage, rule or agent file and turns an error in it into a message.
--- This is the engine's one place that catches errors: a broken script fails its step, not mighost.

local M = {}

-- An interrupt is raised as a table and belongs to the person at the keyboard, not to the script;
-- what failed in a process of its own brings its own traceback.
local function describe(problem)
  if type(problem) == "table" and (problem.name == "EINTERRUPTED" or problem.traceback) then
    return problem
  end
  local text = tostring(problem)
  return { message = text:match("^[^\n]*"), traceback = debug.traceback(text, 2) }
end

---Calls `fn(...)`.  An interrupt passes through.
---@param fn function
---@param ... any
---@return boolean ok
---@return any ... the results, or the error's first line and its traceback
function M.call(fn, ...)
  local results = table.pack(xpcall(fn, describe, ...))
  if results[1] then
    return true, table.unpack(results, 2, results.n)
  end
  local problem = results[2]
  if type(problem) ~= "table" or problem.name == "EINTERRUPTED" then
    error(problem, 0)
  end
  return false, problem.message, problem.traceback
end

return M
