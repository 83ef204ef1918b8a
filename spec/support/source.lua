--- Reads the project's sources for the specs that check their structure.

local lfs = require "lfs"
local program = require "spec.support.program"

---@class spec.Source
---@field path string     relative to the project's root
---@field lines string[]  as they are
---@field code string[]   the same lines, comments blanked out
---@field bare string[]   the same lines, comments and the insides of strings blanked out

local cache = {} ---@type table<string, spec.Source>

local M = {}

local function blank(text)
  return (text:gsub("[^\n]", " "))
end

--- Where the string that starts at `from` ends.
local function string_end(text, from)
  local quote = text:sub(from, from)
  local at = from + 1
  while at <= #text and text:sub(at, at) ~= quote do
    at = at + (text:sub(at, at) == "\\" and 2 or 1)
  end
  return at
end

--- The comment or string of Lua at `from`: its kind and its last position.
local function lua_token(text, from)
  local dashes, bracket = text:match("^(%-?%-?)(%[=*%[)", from)
  if dashes == "--" or dashes == "" and bracket then
    local _, stop = text:find(bracket:gsub("%[", "]"), from + #dashes, true)
    return dashes == "--" and "comment" or "string", stop or #text
  elseif text:find("^%-%-", from) then
    return "comment", (text:find("\n", from, true) or #text + 1) - 1
  elseif text:find("^[\"']", from) then
    return "string", string_end(text, from)
  end
end

local function c_token(text, from)
  if text:find("^/%*", from) then
    local _, stop = text:find("*/", from, true)
    return "comment", stop or #text
  elseif text:find("^//", from) then
    return "comment", (text:find("\n", from, true) or #text + 1) - 1
  elseif text:find("^[\"']", from) then
    return "string", string_end(text, from)
  end
end

--- The text without comments, and without comments and strings; both as long as the text.
local function strip(text, token)
  local code, bare, at = {}, {}, 1
  while at <= #text do
    local plain = text:match("^[^%-%[/\"']+", at) -- nothing can begin here
    local kind, stop
    if not plain then
      kind, stop = token(text, at)
    end
    local piece = plain or text:sub(at, stop or at)
    table.insert(code, kind == "comment" and blank(piece) or piece)
    table.insert(bare, kind and blank(piece) or piece)
    at = at + #piece
  end
  return table.concat(code), table.concat(bare)
end

local function split(text)
  local lines = {}
  for line in text:gmatch("([^\n]*)\n?") do
    table.insert(lines, line)
  end
  if lines[#lines] == "" then
    table.remove(lines)
  end
  return lines
end

--- Reads one source file, C or Lua by its name.
---@param path string  relative to the project's root
---@return spec.Source
function M.read(path)
  if not cache[path] then
    local file <close> = assert(io.open(program.root .. "/" .. path, "rb"))
    local text = file:read("a")
    local code, bare = strip(text, path:find("%.lua$") and lua_token or c_token)
    cache[path] = { path = path, lines = split(text), code = split(code), bare = split(bare) }
  end
  return cache[path]
end

local function add_paths(found, folder, pattern)
  local names = {}
  for name in lfs.dir(program.root .. "/" .. folder) do
    table.insert(names, name)
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local path = folder .. "/" .. name
    local mode = lfs.attributes(program.root .. "/" .. path, "mode")
    if mode == "directory" and not name:find("^%.") then
      add_paths(found, path, pattern)
    elseif mode == "file" and name:find(pattern) then
      table.insert(found, path)
    end
  end
end

--- The files in these folders and below whose names match, relative to the project's root.
---@param folders string[]
---@param pattern string
---@return string[]
function M.paths(folders, pattern)
  local found = {}
  for _, folder in ipairs(folders) do
    add_paths(found, folder, pattern)
  end
  return found
end

--- The same, read.
---@param folders string[]
---@param pattern string
---@return spec.Source[]
function M.files(folders, pattern)
  local files = {}
  for _, path in ipairs(M.paths(folders, pattern)) do
    table.insert(files, M.read(path))
  end
  return files
end

--- Fails with one line a finding, each naming file and line.
---@param findings string[]
function M.expect_none(findings)
  if #findings > 0 then
    error(("%d found:\n  %s"):format(#findings, table.concat(findings, "\n  ")), 0)
  end
end

--- Looks at each file, and fails with all that was reported of them.
---@param files spec.Source[]
---@param look fun(file: spec.Source, report: fun(line: integer, text: string, ...))  the text and
---       what stands behind it are for string.format
function M.check(files, look)
  assert(#files > 0, "there is nothing to look at")
  local findings = {}
  for _, file in ipairs(files) do
    look(file, function(line, text, ...)
      table.insert(findings, M.at(file, line, text, ...))
    end)
  end
  M.expect_none(findings)
end

--- "path:line: text"
---@param file spec.Source
---@param line integer
---@param text string
---@param ... any  for string.format
---@return string
function M.at(file, line, text, ...)
  return ("%s:%d: %s"):format(file.path, line, text:format(...))
end

return M
