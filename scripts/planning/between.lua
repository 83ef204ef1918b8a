--- Migrations that are absent because a process died between the two renames which stand in for an
--- exchange: they are brought back before anybody looks for them.

local fs = require "host.fs"
local repos = require "host.repo"

local commit = require "planning.commit"
local recover = require "planning.recover"
local tables = require "lib.tables"

local FOLDER <const> = "__transactions__"
local OPERATION <const> = "recover"

---The slugs of transactions whose migration is not live.
local function find_absent(project, wanted)
  local live <close> = fs.open_dir(project.live_path)
  local folder <close> = fs.open_dir(project.live_path .. "/" .. FOLDER)
  local slugs = {}
  for _, entry in ipairs(live and folder and folder:list() or {}) do
    local slug = entry.name:match("^(.+)@[^@]+$")
    if slug and (not wanted or slug == wanted) and not live:stat(slug) then
      slugs[slug] = true
    end
  end
  return tables.sorted_keys(slugs)
end

---One that a living process works on is let alone.
local function settle(site, slug, notify, project)
  local lease <close>, message, name = site:lease(slug, OPERATION)
  if not lease then
    return name == "EBUSY" or nil, message, name
  end
  return recover.settle(site, lease, slug, notify, project)
end

local M = {}

---@param project mighost.Project
---@param notify fun(event: table)
---@param word string|nil only the migration that this means, a slug or a path; nil: all
---@return true|nil true where nothing is in that one's way
---@return string? message
---@return string? NAME
---@return string? fix
function M.settle(project, notify, word)
  local slugs = find_absent(project, word and word:match("([^/]*)/*$"))
  if #slugs == 0 then
    return true
  end
  local repo <close>, message, name, fix = repos.open(project.worktree)
  if not repo then
    return nil, message, name, fix
  end
  local site <close>, why, code, help = commit.open(project, repo)
  if not site then
    return nil, why, code, help
  end
  for _, slug in ipairs(slugs) do
    local ok, problem, errno, advice = settle(site, slug, notify, project)
    if not ok and word then
      return nil, problem, errno, advice
    end
  end
  return true
end

return M
