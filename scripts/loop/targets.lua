--- What a run works on besides migrations: targets from a list, globs, extensions, paths or chance.
---
--- The first of these that is given counts. Listed targets are shuffled and used once; globs and
--- extensions give one matching file at a time, none again before all had their turn; paths are one
--- group; chance picks five tracked files at a time.

local json = require "lib.json"
local paths = require "lib.paths"
local text = require "lib.text"

local AT_RANDOM <const> = 5
local EFFORTS <const> = { low = true, medium = true, high = true, xhigh = true }
local GENERAL <const> = "general refactoring"
local LINE_FIELDS <const> = {
  description = true, files = true, scoping = true, ["model-override"] = true,
  ["effort-override"] = true,
}

---@class mighost.Target
---@field description string
---@field files string[] from the project's root
---@field scoping string|nil what a person said of how far to go
---@field model string|nil
---@field effort string|nil
---@field is_seed boolean|nil one file that may stand for more: its scope is worked out

---@class mighost.TargetOptions
---@field targets string|nil path of a list, one JSON object a line
---@field globs string|nil
---@field extensions string|nil
---@field paths string|nil
---@field scope_instruction string|nil

---@class mighost.TargetInput
---@field tracked string[] files that may be worked on, sorted
---@field read fun(path: string): string|nil, string|nil
---@field random fun(most: integer): integer from 1
---@field warn fun(message: string)

---@class mighost.TargetSource
---@field left integer|nil how many there are still; nil: it never ends
---@field take fun(): mighost.Target|nil

local function shuffle(list, random)
  for last = #list, 2, -1 do
    local other = random(last)
    list[last], list[other] = list[other], list[last]
  end
  return list
end

---The non-empty parts of a word like `a:b`.
local function split(word, separator)
  local parts = {}
  for part in (word .. separator):gmatch("(.-)%" .. separator) do
    if part ~= "" then
      parts[#parts + 1] = part
    end
  end
  return parts
end

local function is_text(value)
  return type(value) == "string" and value:find("%S") ~= nil and not value:find("\0", 1, true)
    and utf8.len(value) ~= nil
end

local function check_files(files)
  if type(files) ~= "table" or #files == 0 then
    return nil, "files must be a list of at least one path"
  end
  local kept = {}
  for index, path in ipairs(files) do
    if not is_text(path) or not paths.is_inside(path) then
      return nil, "files must hold paths inside the project"
    end
    kept[index] = paths.tidy(path)
  end
  return kept
end

---Optional texts: a null counts as absent.
local function optional(line, name)
  local value = line[name]
  if value == nil or value == json.null then
    return true, nil
  elseif not is_text(value) then
    return nil, name .. " must be a non-empty string"
  end
  return true, value
end

local function check_line(line)
  if type(line) ~= "table" or #line > 0 then
    return nil, "it must be an object"
  end
  local unknown = {}
  for name in pairs(line) do
    unknown[#unknown + 1] = not LINE_FIELDS[name] and tostring(name) or nil
  end
  table.sort(unknown)
  if unknown[1] then
    return nil, "unknown field " .. unknown[1]
  elseif not is_text(line.description) then
    return nil, "description must be a non-empty string"
  end
  local files, why = check_files(line.files)
  if not files then
    return nil, why
  end
  local values = {}
  for _, name in ipairs { "scoping", "model-override", "effort-override" } do
    local ok, value = optional(line, name)
    if not ok then
      return nil, value
    end
    values[name] = value
  end
  if values["effort-override"] and not EFFORTS[values["effort-override"]] then
    return nil, "effort-override must be low, medium, high or xhigh"
  end
  return { description = line.description, files = files, scoping = values.scoping,
    model = values["model-override"], effort = values["effort-override"],
    is_seed = #files == 1 or nil }
end

local function finite(list)
  local source = { left = #list }
  function source.take()
    source.left = math.max(0, source.left - 1)
    return table.remove(list, 1)
  end
  return source
end

---Gives files one by one, all of them before any a second time.
local function dealer(files, random)
  local deck = {}
  return function()
    if #deck == 0 then
      deck = shuffle(table.move(files, 1, #files, 1, {}), random)
    end
    return table.remove(deck)
  end
end

local M = {}

---Reads a list of targets; what is wrong with a line is told with its number.
---@param list string one JSON object a line
---@param warn fun(message: string)
---@return mighost.Target[]
function M.read_list(list, warn)
  local found = {}
  for number, line in ipairs(text.lines(list)) do
    if line:find("%S") then
      local value, problem = json.decode(line)
      local target
      if value ~= nil then
        target, problem = check_line(value)
      end
      if target then
        found[#found + 1] = target
      else
        warn(("line %d is skipped: %s"):format(number, problem))
      end
    end
  end
  return found
end

local function open_list(opts, input)
  local list, why = input.read(opts.targets)
  if not list then
    return nil, "cannot read the targets: " .. why
  end
  local found = M.read_list(list, function(message)
    input.warn(("%s: %s"):format(opts.targets, message))
  end)
  for _, target in ipairs(found) do
    target.scoping = target.scoping or opts.scope_instruction
  end
  return finite(shuffle(found, input.random))
end

---One matching file at a time.
local function open_sample(opts, input, matches)
  local matching = {}
  for _, path in ipairs(input.tracked) do
    matching[#matching + 1] = matches(path) and path or nil
  end
  if #matching == 0 then
    return finite {}
  end
  local deal = dealer(matching, input.random)
  return { take = function()
    local path = deal()
    return { description = path, files = { path }, scoping = opts.scope_instruction,
      is_seed = true }
  end }
end

local function open_globs(opts, input)
  local globs = {}
  for index, pattern in ipairs(split(opts.globs, ":")) do
    globs[index] = text.glob(pattern)
  end
  return open_sample(opts, input, function(path)
    for _, matches in ipairs(globs) do
      if matches(path) then
        return true
      end
    end
    return false
  end)
end

local function open_extensions(opts, input)
  local endings = {}
  for index, ending in ipairs(split(opts.extensions, ",")) do
    endings[index] = ending:sub(1, 1) == "." and ending or "." .. ending
  end
  return open_sample(opts, input, function(path)
    local name = path:match("[^/]*$")
    for _, ending in ipairs(endings) do
      if #name > #ending and name:sub(-#ending) == ending then
        return true
      end
    end
    return false
  end)
end

---The tracked files that a path names: itself, or all below it.
local function files_at(path, tracked)
  local wanted, files = paths.tidy(path), {}
  for _, file in ipairs(tracked) do
    if wanted == "." or file == wanted or file:sub(1, #wanted + 1) == wanted .. "/" then
      files[#files + 1] = file
    end
  end
  return files
end

local function open_paths(opts, input)
  local files, seen = {}, {}
  for _, path in ipairs(split(opts.paths, ":")) do
    local found = files_at(path, input.tracked)
    if #found == 0 then
      input.warn(path .. " is left out: git tracks no file there")
    end
    for _, file in ipairs(found) do
      files[#files + 1] = not seen[file] and file or nil
      seen[file] = true
    end
  end
  if #files == 0 then
    return finite {}
  end
  return { take = function()
    return { description = table.concat(split(opts.paths, ":"), ", "),
      files = table.move(files, 1, #files, 1, {}), scoping = opts.scope_instruction,
      is_seed = #files == 1 or nil }
  end }
end

local function open_random(opts, input)
  if #input.tracked == 0 then
    return finite {}
  end
  local deal = dealer(input.tracked, input.random)
  return { take = function()
    local files = {}
    for index = 1, math.min(AT_RANDOM, #input.tracked) do
      files[index] = deal()
    end
    table.sort(files)
    return { description = table.concat(files, ", "), files = files,
      scoping = opts.scope_instruction }
  end }
end

---Whether anything says which targets to take.
---@param opts mighost.TargetOptions
---@return boolean
function M.is_chosen(opts)
  return (opts.targets or opts.globs or opts.extensions or opts.paths
    or opts.scope_instruction) ~= nil
end

---Opens the source that counts.
---@param opts mighost.TargetOptions
---@param input mighost.TargetInput
---@return mighost.TargetSource|nil
---@return string? message
function M.open(opts, input)
  local open = opts.targets and open_list or opts.globs and open_globs
    or opts.extensions and open_extensions or opts.paths and open_paths or open_random
  local source, why = open(opts, input)
  if source and source.left == 0 and opts.scope_instruction then
    return finite { { description = GENERAL, files = {}, scoping = opts.scope_instruction } }
  end
  return source, why
end

return M
