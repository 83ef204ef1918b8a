--- One trial of a function in a script: what it raised becomes a problem, with its line.

local guard = require "planning.guard"

-- What programs have, and stages, rules and agents have not.
local ABSENT <const> = " collectgarbage debug dofile dump io load loadfile os package "

local M = {}

---The line that a message names, and the message without the place, when it is in that file.
---@param file mighost.InspectedFile
---@param message string
---@return integer|nil line
---@return string message
function M.place_in(file, message)
  local base = file.path:match("[^/]*$"):gsub("%p", "%%%0")
  local line, rest = message:match(base .. ":(%d+): (.*)$")
  if line then
    return math.tointeger(tonumber(line)), rest
  end
  local here = message:match("^" .. file.path:gsub("%p", "%%%0") .. ": (.*)$")
  return nil, here or message
end

---What to do about what scripts run into since they are not programs; nil about anything else.
---@param message string
---@return string|nil
function M.mend(message)
  local limit = message:match("%((script_%l+) in ")
  if limit then
    return ("make it do less, or set %s higher in .mighost/config.json"):format(limit)
  end
  local name = message:match("%(global '([%l]+)'%)") or message:match("%(field '(dump)'%)")
  if name and ABSENT:find(" " .. name .. " ", 1, true) then
    return ("do it without %s, which such files do not have; a command in scripts/ has it"):format(
      name)
  end
end

---Calls a function of a file; an error in it is reported.
---@param file mighost.InspectedFile
---@param report mighost.ReportProblem
---@param about { code: string, field: string, what: string, mend: string }
---@param fn function
---@param ... any
---@return boolean ok
---@return any ... its results
function M.call(file, report, about, fn, ...)
  local results = table.pack(guard.call(fn, ...))
  if results[1] then
    return table.unpack(results, 1, results.n)
  end
  local line, message = M.place_in(file, results[2])
  report(file, {
    severity = "error", code = about.code, at = { about.field }, line = line,
    message = ("%s: %s"):format(about.what, message), mend = about.mend,
  })
  return false
end

return M
