--- What a rule sees of one migration: manifest, state and files, and nothing that it could change.

local links = require "migration.links"
local paths = require "lib.paths"
local phases = require "migration.phases"
local text = require "lib.text"

local MAX_READ <const> = 1 << 20

---@class mighost.ViewSource
---@field slug string
---@field mode string
---@field staged boolean|nil
---@field manifest mighost.Manifest
---@field state mighost.State|nil
---@field state_problem mighost.StateProblem|nil

---@return mighost.ViewStat|nil
local function stat(dir, path)
  if not paths.is_inside(path) then
    return nil
  end
  path = paths.tidy(path)
  local entry = dir:stat(path)
  if entry and entry.kind ~= "symlink" then
    return { kind = entry.kind, size = entry.size, exists = true, escapes = false }
  end
  local target, name = links.stat(dir, path)
  local escapes = name == "EXDEV"
  if escapes then
    target = dir:stat(path, { links = "follow" })
  end
  if not entry and not target then
    return nil
  end
  return {
    kind = entry and entry.kind or target.kind,
    size = target and target.size or 0,
    exists = target ~= nil,
    escapes = escapes,
  }
end

local function collect_files(dir, folder, files)
  for _, entry in ipairs(dir:list(folder) or {}) do
    local path = folder == "" and entry.name or folder .. "/" .. entry.name
    if entry.kind == "directory" then
      collect_files(dir, path, files)
    else
      files[#files + 1] = path
    end
  end
end

local function phase_docs(dir)
  local docs = {}
  for _, entry in ipairs(dir:list() or {}) do
    docs[#docs + 1] = phases.parse_name(entry.name)
  end
  return docs
end

local function read(dir, path)
  if not paths.is_inside(path) then
    return nil, ("'%s' is not a path inside the migration"):format(path)
  end
  local content, message = dir:read(paths.tidy(path), { links = "inside", max = MAX_READ })
  if not content then
    return nil, message
  end
  return text.to_utf8(content)
end

---A plan is published as ready, or has been.
local function is_executable(source)
  local status = source.manifest.status
  return source.mode == "ready-publish" or status == "ready" or status == "in-progress"
end

local M = {}

---@param dir host.fs.Dir the migration, wherever it is; must stay open as long as the view is used
---@param source mighost.ViewSource
---@return mighost.View
function M.open(dir, source)
  return {
    slug = source.slug,
    mode = source.mode,
    staged = source.staged or false,
    is_executable = is_executable(source),
    manifest = source.manifest,
    state = source.state,
    state_problem = source.state_problem,
    files = function()
      local files = {}
      collect_files(dir, "", files)
      table.sort(files)
      return files
    end,
    phase_docs = function()
      return phase_docs(dir)
    end,
    stat = function(path)
      return stat(dir, path)
    end,
    read = function(path)
      return read(dir, path)
    end,
  }
end

return M
