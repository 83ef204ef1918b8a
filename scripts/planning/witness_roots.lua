--- Which files of a person's are put back when a call changed them: hooks and configuration, which
--- decide what git and mighost run next.

local fs = require "host.fs"
local sys = require "host.sys"

local policy = require "planning.witness_policy"

local CONFIG_LIMIT <const> = { max = 1 << 20, links = "follow" }
local MOST_INCLUDES <const> = 32

---A path as git's configuration has it, absolute and, as far as its folder is there, without "..";
---nil where it cannot be told.
local function resolve(value, base, home)
  local path = base .. "/" .. value
  if value:sub(1, 2) == "~/" then
    path = home and home .. value:sub(2)
  elseif value:sub(1, 1) == "/" then
    path = value
  elseif value == "" or value:find "^%%" then
    return nil
  end
  local above, name = (path or ""):match("^(.*)/([^/]+)/*$")
  local real = above and sys.realpath(above == "" and "/" or above)
  return real and (real == "/" and "/" or real .. "/") .. name or path
end

---The value behind a key, without its quotes and comment.
local function value_of(line)
  local value = line:match("=%s*(.-)%s*$")
  return value and (value:match('^"([^"]*)"') or value:match("^(.-)%s*[;#]") or value)
end

---What one file says about hooks and further files.
local function read_config(path)
  local dir <close> = fs.open_dir(path:match("^(.*)/[^/]+$") or "/")
  local source = dir and dir:read(path:match("[^/]+$"), CONFIG_LIMIT) or ""
  local section, hooks, includes = "", nil, {}
  for line in source:gmatch("[^\n]+") do
    section = line:match("^%s*%[%s*([%w.-]+)") or section
    local key = line:lower():match("([%w-]+)%s*=")
    if key == "hookspath" and section:lower() == "core" then
      hooks = value_of(line)
    elseif key == "path" and section:lower():find("^include") then
      includes[#includes + 1] = value_of(line)
    end
  end
  return hooks, includes
end

---The user's own configuration of git.
local function user_files(home)
  local chosen = os.getenv "GIT_CONFIG_GLOBAL"
  if chosen then
    return { chosen }
  end
  local xdg = os.getenv "XDG_CONFIG_HOME" or home and home .. "/.config"
  return { home and home .. "/.gitconfig", xdg and xdg .. "/git/config" }
end

---The configuration files of git: the repository's, the user's, and what they include; and the
---folders of hooks that they name.
local function config_files(project, home)
  local listed = { project.common .. "/config", project.common .. "/config.worktree" }
  if project.gitdir ~= project.common then
    listed[#listed + 1] = project.gitdir .. "/config.worktree"
  end
  for _, path in ipairs(user_files(home)) do
    listed[#listed + 1] = path:sub(1, 1) == "/" and path or nil
  end
  local seen, hooks, position = {}, {}, 1
  while listed[position] and position <= MOST_INCLUDES do
    local path = listed[position]
    local hook, includes = read_config(path)
    hooks[#hooks + 1] = hook and resolve(hook, project.worktree, home)
    for _, include in ipairs(includes) do
      local found = resolve(include, path:match("^(.*)/"), home)
      listed[#listed + 1] = found and not seen[found] and found or nil
      seen[found or ""] = true
    end
    position = position + 1
  end
  return listed, hooks
end

local M = {}

---@param project mighost.Project
---@param kind "planning"|"work"
---@return mighost.KeepsakeRoot[]
function M.list(project, kind)
  local home = os.getenv "HOME" or sys.user().home
  home = home:sub(1, 1) == "/" and home or nil
  local files, hooks = config_files(project, home)
  local roots = { { path = project.common .. "/hooks", label = "hooks" } }
  local function add(path, label)
    local is_working = kind == "work" and policy.is_beneath(path, project.worktree)
      and not policy.is_beneath(path, project.common)
    if not is_working then
      roots[#roots + 1] = { path = path, label = label }
    end
  end
  for _, path in ipairs(hooks) do
    add(path, "hooks")
  end
  for _, path in ipairs(files) do
    add(path, "config")
  end
  add(project.config_home, "mighost's configuration")
  return roots
end

return M
