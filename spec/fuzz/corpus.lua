--- Real files to damage: what the shipped recording and the specs' samples hold, and recorded
--- migrations where there are any.

local lfs = require "lfs"
local sample = require "spec.support.sample"
local shipped = require "spec.support.shipped"

local MOST_A_KIND <const> = 60

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

--- Calls `visit(path)` for every regular file below a folder, in byte order.
local function each_file(folder, visit)
  local names = {}
  for name in lfs.dir(folder) do
    if name ~= "." and name ~= ".." then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    local path = folder .. "/" .. name
    local mode = lfs.symlinkattributes(path, "mode")
    if mode == "directory" then
      each_file(path, visit)
    elseif mode == "file" then
      visit(path)
    end
  end
end

local M = {}

--- The texts of files below a folder whose path matches; none where there is no such folder.  Of
--- many, one in some, so that all of them take a part.
---@param folder string|nil
---@param pattern string
---@return string[]
function M.files(folder, pattern)
  local paths = {}
  if folder and lfs.attributes(folder, "mode") == "directory" then
    each_file(folder, function(path)
      if path:find(pattern) then
        paths[#paths + 1] = path
      end
    end)
  end
  local texts = {}
  for index = 1, #paths, math.max(1, #paths // MOST_A_KIND) do
    texts[#texts + 1] = read(paths[index])
  end
  return texts
end

--- Real answers to a stage, at least the shipped one.
---@param stage string
---@param folder string|nil of recorded migrations
---@return string[] answers
function M.answers(stage, folder)
  local answers = M.files(folder, "/%.planning/stages/" .. stage:gsub("%-", "%%-")
    .. "%-?%d*%.stdout%.md$")
  table.insert(answers, 1, read(("%s/%s-1/answer.md"):format(shipped.path, stage)))
  return answers
end

--- What the recorded agent was asked.
---@param stage string
---@return string prompt
function M.prompt(stage)
  return read(("%s/%s-1/prompt.md"):format(shipped.path, stage))
end

--- The manifests that the specs use, and recorded ones.
---@param folder string|nil
---@return string[]
function M.manifests(folder)
  local texts = M.files(folder, "/manifest%.json$")
  for phases = 0, 3 do
    table.insert(texts, sample.manifest("one", {
      phases = phases, status = phases > 0 and "ready" or "planning", reason = "ask first",
      cooldown = "2026-03-01T00:15:00Z",
    }))
  end
  return texts
end

--- The same of states.
---@param folder string|nil
---@return string[]
function M.states(folder)
  local texts = M.files(folder, "/state%.json$")
  for steps = 0, 7 do
    table.insert(texts, sample.state("migrations", "one", { steps = steps }))
  end
  return texts
end

return M
