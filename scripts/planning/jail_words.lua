--- Says why a team's script gave no result, in words that are fit to be shown and name the file.
--- What its process reported may be anything.

local text = require "lib.text"

local MESSAGE_MAX <const> = 2000
local SHORT <const> = 59 -- Lua shows paths of so many bytes whole, of longer ones "..." and the end
local SHORT_END <const> = 56
-- Lines of a traceback that are mighost's own.
local OUR_FRAMES <const> = {
  "^%s*mighost:%d+: ", "^%s*%[C%]: in %?$", "^%s*%[C%]: in hook ",
  "^%s*%(%.%.%.tail calls%.%.%.%)$",
}

-- Which setting makes room; %s is what it is now.
local OVER <const> = {
  memory = "used more than %d MiB of memory (script_memory in .mighost/config.json)",
  instructions = "ran more than %d instructions (script_instructions in .mighost/config.json)",
  seconds = "took more than %g s and was ended (script_seconds in .mighost/config.json)",
}

---The whole path where Lua had shown only its end.
local function expand_paths(jail, message)
  for _, path in ipairs(jail.paths) do
    local first, last = nil, 0
    local short = "..." .. path:sub(-SHORT_END) .. ":"
    repeat
      if #path > SHORT then
        first, last = message:find(short, last + 1, true)
      end
      if first then
        message = message:sub(1, first - 1) .. path .. ":" .. message:sub(last + 1)
        last = first + #path
      end
    until not first
  end
  return message
end

---Of a message without end its beginning and its end: Lua puts places in front of places.
local function one_line(message)
  if #message > MESSAGE_MAX then
    message = message:sub(1, MESSAGE_MAX // 2) .. " … " .. message:sub(-MESSAGE_MAX // 2)
  end
  return text.printable(message)
end

---What was raised in our own code there is the doing of the line that called it.
local function blame_script(message, traceback)
  local rest = message:match("^mighost:%d+: (.*)$")
  for line in (rest and traceback or ""):gmatch("[^\n]+") do
    local place = line:match("^%s*(/[^\n]-:%d+: )in ")
    if place then
      return place .. rest
    end
  end
  return rest or message
end

---A module's line alone would not say which file of the team's it was required by.
local function with_file(jail, message)
  if message:sub(1, #jail.path + 1) == jail.path .. ":" then
    return message
  end
  return jail.path .. ": " .. message
end

local function is_ours(line)
  for _, pattern in ipairs(OUR_FRAMES) do
    if line:find(pattern) then
      return true
    end
  end
  return false
end

local M = {}

---What went wrong, in one line with the file's name.
---@param jail mighost.Jail
---@param outcome host.script.Outcome
---@return string
function M.explain(jail, outcome)
  local reason, message = outcome.reason, expand_paths(jail, outcome.message)
  if reason == "error" then
    message = blame_script(message, expand_paths(jail, outcome.traceback))
    return one_line(with_file(jail, message))
  elseif reason == "setup" then
    return one_line(with_file(jail, message))
  end
  local limit = reason == "time" and "seconds" or reason
  if OVER[limit] then
    local place = message:match("^[^\n]-:%d+: $") or ""
    return one_line(with_file(jail, place .. OVER[limit]:format(jail.limits[limit])))
  elseif reason == "forbidden" then
    return jail.path .. ": made a system call that no script may make, and was ended"
  elseif reason == "crashed" then
    return ("%s: was ended by signal %d"):format(jail.path, outcome.signal)
  end
  return jail.path .. ": ended with a malformed result"
end

---The frames of the script alone, fit to be shown.
---@param jail mighost.Jail
---@param outcome host.script.Outcome
---@return string
function M.traceback(jail, outcome)
  local lines = {}
  for line in expand_paths(jail, outcome.traceback):gmatch("[^\n]+") do
    if not is_ours(line) then
      local indent, rest = line:match("^(%s*)(.*)$")
      table.insert(lines, indent:gsub("%s", "  ") .. text.printable(rest))
    end
  end
  return table.concat(lines, "\n")
end

return M
