--- Carries out what project.init decided.  The configuration is written last, so that an
--- interrupted init can simply be run again.

local fs = require "host.fs"
local sys = require "host.sys"

local config = require "project.config"
local editor = require "project.editor"
local folder = require "project.folder"
local live = require "project.live"
local taste = require "project.taste"

local TOKEN_BYTES <const> = 8
local REASON <const> = "it was in the way of 'mighost init --force'\n"
local PAST <const> = { adopt = "adopted", create = "created", update = "updated" }

local function parent_of(path)
  return path:match("^(.*)/[^/]*$")
end

--- Copies and removes where a rename cannot: set-aside may be on another file system.
local function carry_over(from, to)
  local tree = require "host.tree"
  local ok, message, name = tree.copy(from, to)
  if ok then
    ok, message, name = tree.sync(to)
  end
  if not ok then
    return nil, message, name
  end
  return tree.remove(from)
end

--- Writes why beside what is kept; if that fails it is kept all the same.
local function note_reason(place, name)
  local dir <close> = folder.open(place)
  if dir then
    dir:write(name .. ".why", REASON, { durable = false })
  end
end

local function set_aside(setup, path, notify)
  local token = sys.random_hex(TOKEN_BYTES)
  local home = ("%s/%s@%s"):format(setup.set_aside, path:gsub("/", "-"), token)
  local made <close>, message, name = folder.open(home)
  if not made then
    return nil, message, name
  end
  local from = setup.place.root .. "/" .. path
  local to = sys.realpath(home) .. "/" .. path:match("[^/]*$")
  local disk <close> = fs.open_dir("/")
  local ok, why, errno = disk:rename(from:sub(2), to:sub(2))
  if errno == "EXDEV" then
    ok, why, errno = carry_over(from, to)
  end
  if ok then
    note_reason(setup.set_aside, home:match("[^/]*$"))
    notify(("moved what was at %s to %s"):format(path, to))
  end
  return ok, why, errno
end

local function set_all_aside(setup, _, notify)
  for _, path in ipairs(setup.asides) do
    local ok, message, name = set_aside(setup, path, notify)
    if not ok then
      return nil, ("cannot move %s out of the way: %s"):format(path, message), name
    end
  end
  return true
end

--- An empty directory at the destination is in the way of a rename.
local function clear(dir, path)
  local found = dir:stat(path)
  if not found or found.kind ~= "directory" then
    return true
  end
  dir:remove(path .. "/" .. live.attributes_file)
  return dir:remove(path)
end

local function move_all(setup, dir, notify)
  for _, move in ipairs(setup.moves) do
    local above = parent_of(move.to)
    local ok, message, name = clear(dir, move.to)
    if ok and above then
      ok, message, name = dir:mkdir(above)
    end
    if ok then
      ok, message, name = dir:rename(move.from, move.to)
    end
    if not ok then
      return nil, ("cannot move %s to %s: %s"):format(move.from, move.to, message), name
    end
    notify(("moved %s to %s"):format(move.from, move.to))
  end
  return true
end

--- "create" or "adopt", nil when the live directory is as it should be.
local function missing_of_live(setup)
  if live.is_guarded(setup.place.root, setup.live) then
    return nil
  end
  return live.is_used(setup.place.root, setup.live) == nil and "create" or "adopt"
end

local function settle_live(setup, _, notify)
  local place, old = setup.place.root, setup.old and setup.old.live_migrations_dir
  local verb = missing_of_live(setup)
  if verb then
    local ok, message, name = live.guard(place, setup.live)
    if not ok then
      return nil, ("cannot prepare %s: %s"):format(setup.live, message), name
    end
    notify(PAST[verb] .. " " .. setup.live)
  end
  if old and old ~= setup.live then
    return live.rehome(place, old, setup.live)
  end
  return true
end

--- Writes the file unless there is one; whether it did.
local function write_once(home, file, text)
  local dir <close>, message, name = folder.open(home)
  if not dir then
    return nil, message, name
  end
  local found, why, errno = dir:stat(file, { links = "follow" })
  if found or errno ~= "ENOENT" then
    return found and false, why, errno
  end
  local above = parent_of(file)
  if above then
    local made, trouble, code = dir:mkdir(above)
    if not made then
      return nil, trouble, code
    end
  end
  return dir:write(file, text)
end

local function settle_taste(setup, _, notify)
  local place = setup.place.root
  local home, file = taste.locate(place, { taste = setup.taste })
  local own = taste.load(place, {})
  local written, message, name = write_once(home, file, own and own.raw or taste.default_text)
  if written == nil then
    return nil, ("cannot write the taste %s/%s: %s"):format(home, file, message), name
  elseif written then
    notify(("created %s"):format(home == place and file or home .. "/" .. file))
  end
  return true
end

local function settle_editor(setup, _, notify)
  if editor.is_ready(setup.place.root) then
    return true
  end
  local ok, message, name = editor.write(setup.place.root)
  if not ok then
    return nil, "cannot write the settings for editors: " .. message, name
  end
  notify("created .mighost/.luarc.json")
  return true
end

--- "create" or "update", nil when the configuration says all this already.
local function missing_of_config(setup)
  local old = setup.old
  if not old then
    return "create"
  end
  local same = old.live_migrations_dir == setup.live and old.taste == setup.taste
  return not same and "update" or nil
end

local function settle_config(setup, _, notify)
  local verb = missing_of_config(setup)
  if not verb then
    return true
  end
  local ok, message, name = config.write(setup.place.root,
    { live_migrations_dir = setup.live, taste = setup.taste })
  if not ok then
    return nil, "cannot write the configuration: " .. message, name
  end
  notify(PAST[verb] .. " " .. config.path)
  return true
end

--- Where the taste is to be written, nil when it is there.
local function missing_of_taste(setup)
  local home, file = taste.locate(setup.place.root, { taste = setup.taste })
  local dir <close> = fs.open_dir(home)
  if dir and dir:stat(file, { links = "follow" }) then
    return nil
  end
  return home == setup.place.root and file or home .. "/" .. file
end

local M = {}

--- Does what project.init decided.
---@param setup mighost.Setup   with `set_aside` where there are asides
---@param notify fun(done: string)
---@return true? ok, string? message, string? name
function M.apply(setup, notify)
  local dir <close>, message, name = fs.open_dir(setup.place.root)
  if not dir then
    return nil, message, name
  end
  local steps =
    { set_all_aside, move_all, settle_live, settle_taste, settle_editor, settle_config }
  for _, step in ipairs(steps) do
    local ok, why, code = step(setup, dir, notify)
    if not ok then
      return nil, why, code
    end
  end
  return true
end

--- The same as text, for a dry run.
---@param setup mighost.Setup
---@return string[]
function M.describe(setup)
  local lines = {}
  local function add(verb, ...)
    if verb then
      table.insert(lines, table.concat({ verb, ... }, " "))
    end
  end
  for _, path in ipairs(setup.asides) do
    add("move what is at", path, "out of the repository")
  end
  for _, move in ipairs(setup.moves) do
    add("move", move.from, "to", move.to)
  end
  local moved = {}
  for _, move in ipairs(setup.moves) do
    moved[move.to] = true
  end
  add(not moved[setup.live] and missing_of_live(setup), setup.live)
  local lacking = not moved[setup.taste or ""] and missing_of_taste(setup)
  add(lacking and "create", lacking)
  add(not editor.is_ready(setup.place.root) and "create", ".mighost/.luarc.json")
  add(missing_of_config(setup), config.path)
  return lines
end

return M
