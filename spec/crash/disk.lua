--- A disk that forgets what was not synced: replays a trace of spec/crash/faults.c over a folder.
--- README.md explains what it takes a file system to be.

local lfs = require "lfs"
local sh = require "spec.support.sh"

local M = {}

---@class crash.Node a file (data) or a directory (entries: name to node)
---@field data? string
---@field entries? table<string, crash.Node>
---@field mode string octal
---@field fs? string         the file system that it is on, where that is not the common one
---@field is_log? boolean the log of the agent's calls, which a power cut spares

---@class crash.Change one line of a trace
---@field op string
---@field node? crash.Node   whose data or mode changes, or which gets a name
---@field dirs? crash.Node[] whose entries change
---@field apply? fun(state: table<crash.Node, table>)
---@field name? string

local DIGITS <const> = { r = 4, w = 2, x = 1, ["-"] = 0, s = 1, t = 1, S = 0, T = 0 }

local function mode_of(permissions)
  local octal = ""
  for who in permissions:gmatch("...") do
    octal = octal .. DIGITS[who:sub(1, 1)] + DIGITS[who:sub(2, 2)] + DIGITS[who:sub(3, 3)]
  end
  return octal
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

--- What a node is now: a table that changes are applied to.
local function content_of(state, node)
  local content = state[node]
  if not content then
    content = { data = node.data, mode = node.mode, entries = {} }
    for name, child in pairs(node.entries or {}) do
      content.entries[name] = child
    end
    state[node] = content
  end
  return content
end

local function scan(path, nodes, other, fs)
  local info = assert(lfs.symlinkattributes(path))
  local node = nodes[info.ino]
  if node then
    return node -- another name of the same file
  end
  fs = path == other and other or fs
  node = { mode = mode_of(info.permissions), fs = fs }
  nodes[info.ino] = node
  if info.mode == "file" then
    node.data = read(path)
    node.is_log = path:find("/home/calls$") ~= nil
    return node
  end
  node.entries = {}
  for name in lfs.dir(path) do
    if name ~= "." and name ~= ".." then
      node.entries[name] = scan(path .. "/" .. name, nodes, other, fs)
    end
  end
  return node
end

local function overwrite(data, offset, new)
  if #data < offset then
    data = data .. ("\0"):rep(offset - #data)
  end
  return data:sub(1, offset) .. new .. data:sub(offset + #new + 1)
end

local function unhex(hex)
  return (hex:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

--- Gives a node a name; as any rename or link, over what was there.
local function put(state, dir, name, node)
  content_of(state, dir).entries[name] = node
end

--- Readers of one line each: (nodes by inode, fields) to a change; nil: not of this disk.
local READ <const> = {}

function READ.create(nodes, parent, name, ino, mode)
  local dir = nodes[parent]
  if not dir then
    return nil
  end
  local node = { data = "", mode = mode, is_log = name == "calls", fs = dir.fs }
  nodes[ino] = node
  return { dirs = { dir }, name = name, apply = function(state)
    put(state, dir, name, node)
  end }
end

function READ.mkdir(nodes, parent, name, ino, mode)
  local dir = nodes[parent]
  if not dir then
    return nil
  end
  local node = { entries = {}, mode = mode, fs = dir.fs }
  nodes[ino] = node
  return { dirs = { dir }, name = name, apply = function(state)
    put(state, dir, name, node)
  end }
end

function READ.link(nodes, parent, name, ino)
  local dir, node = nodes[parent], nodes[ino]
  return dir and { dirs = { dir }, name = name, apply = function(state)
    put(state, dir, name, node)
  end }
end

function READ.unlink(nodes, parent, name)
  local dir = nodes[parent]
  return dir and { dirs = { dir }, name = name, apply = function(state)
    put(state, dir, name, nil)
  end }
end

local EXCHANGE <const> = "2"

function READ.rename(nodes, from_parent, from, to_parent, to, flags)
  local from_dir, to_dir = nodes[from_parent], nodes[to_parent]
  return from_dir and { dirs = { from_dir, to_dir }, name = to, apply = function(state)
    local moved = content_of(state, from_dir).entries[from]
    if not moved then
      return -- an earlier change that it builds on was lost
    end
    local other = content_of(state, to_dir).entries[to]
    put(state, from_dir, from, flags == EXCHANGE and other or nil)
    put(state, to_dir, to, moved)
  end }
end

function READ.write(nodes, ino, offset, hex)
  local node = nodes[ino]
  return node and { node = node, apply = function(state)
    local content = content_of(state, node)
    content.data = overwrite(content.data, tonumber(offset), unhex(hex))
  end }
end

function READ.truncate(nodes, ino, size)
  local node = nodes[ino]
  return node and { node = node, apply = function(state)
    local content = content_of(state, node)
    content.data = overwrite(content.data:sub(1, tonumber(size)), tonumber(size), "")
  end }
end

function READ.chmod(nodes, ino, mode)
  local node = nodes[ino]
  return node and { node = node, apply = function(state)
    content_of(state, node).mode = mode
  end }
end

function READ.fsync(nodes, ino)
  return nodes[ino] and { node = nodes[ino] }
end

READ.fdatasync = READ.fsync

function READ.syncfs(nodes, ino)
  return { node = nodes[ino] }
end

function READ.say()
  return {}
end

---@class crash.Disk
---@field root crash.Node
---@field nodes table<string, crash.Node>

--- What is in a folder now, all of it durable.
---@param path string
---@param other? string a folder in it that is a file system of its own
---@return crash.Disk
function M.scan(path, other)
  local nodes = {}
  local root = scan(path, nodes, other)
  local by_text = {}
  for ino, node in pairs(nodes) do
    by_text[("%d"):format(ino)] = node
  end
  return { root = root, nodes = by_text }
end

--- The changes that a trace tells of, in their order; others than on this disk are left out.
---@param disk crash.Disk
---@param path string of the trace
---@return crash.Change[]
function M.changes(disk, path)
  local changes = {}
  for line in io.lines(path) do
    local fields = {}
    for field in (line .. "\t"):gmatch("([^\t]*)\t") do
      table.insert(fields, field)
    end
    local change = assert(READ[fields[1]], line)(disk.nodes, table.unpack(fields, 2))
    if change then
      change.op = fields[1]
      table.insert(changes, change)
    end
  end
  return changes
end

--- Whether a sync makes a change durable: of data the file's, of names that of every directory.
local function is_kept(change, sync)
  if sync.op == "syncfs" then
    return (change.node or change.dirs[1]).fs == (sync.node and sync.node.fs)
  elseif change.node then
    return change.node == sync.node
  end
  change.synced = change.synced or {}
  change.synced[sync.node] = true
  for _, dir in ipairs(change.dirs) do
    if not change.synced[dir] then
      return false
    end
  end
  return true
end

local SYNCS <const> = { fsync = true, fdatasync = true, syncfs = true }

--- Applies what a sync makes durable; returns the rest.  No name of a directory is durable before
--- the earlier ones of that directory are.
local function apply_sync(state, pending, sync)
  local left, held = {}, {}
  for _, change in ipairs(pending) do
    local is_due = is_kept(change, sync)
    for _, dir in ipairs(change.dirs or {}) do
      is_due = is_due and not held[dir]
    end
    if is_due then
      change.apply(state)
    else
      table.insert(left, change)
      for _, dir in ipairs(change.dirs or {}) do
        held[dir] = true
      end
    end
  end
  return left
end

--- Follows the changes; after each one calls `visit(index, state, pending)`: what is durable, and
--- the changes since that may or may not be.
---@param changes crash.Change[]
---@param visit fun(index: integer, state: table, pending: crash.Change[])
function M.follow(changes, visit)
  local state, pending = {}, {}
  for index, change in ipairs(changes) do
    if SYNCS[change.op] then
      pending = apply_sync(state, pending, change)
    elseif change.apply and change.node and change.node.is_log then
      change.apply(state)
    elseif change.apply then
      table.insert(pending, change)
    end
    visit(index, state, pending)
  end
end

--- A copy of a state to which some of the pending changes are applied.
---@param state table
---@param pending crash.Change[]
---@param chosen fun(change: crash.Change): boolean
function M.cut(state, pending, chosen)
  local copy = {}
  for node, content in pairs(state) do
    local entries = {}
    for name, child in pairs(content.entries) do
      entries[name] = child
    end
    copy[node] = { data = content.data, mode = content.mode, entries = entries }
  end
  for _, change in ipairs(pending) do
    if chosen(change) then
      change.apply(copy)
    end
  end
  return copy
end

local function write_node(state, node, path, made, modes)
  if made[node] then
    assert(lfs.link(made[node], path))
    return
  end
  local content = content_of(state, node)
  modes[content.mode] = modes[content.mode] or {}
  table.insert(modes[content.mode], sh.quote(path))
  if content.data then
    made[node] = path
    local file <close> = assert(io.open(path, "wb"))
    assert(file:write(content.data))
    return
  end
  assert(lfs.mkdir(path))
  for name, child in pairs(content.entries) do
    write_node(state, child, path .. "/" .. name, made, modes)
  end
end

--- Makes a folder what a state says; `path` must not exist.
---@param disk crash.Disk
---@param state table
---@param path string
function M.write(disk, state, path)
  local modes = {}
  write_node(state, disk.root, path, {}, modes)
  local script = {}
  for mode, paths in pairs(modes) do
    table.insert(script, ("chmod %s %s"):format(mode, table.concat(paths, " ")))
  end
  sh.check { argv = { "sh", "-c", table.concat(script, "\n") } }
end

local function describe(state, node, path, lines)
  local content = content_of(state, node)
  if content.data then
    table.insert(lines, ("%s %s %s"):format(path, content.mode, content.data))
    return
  end
  table.insert(lines, ("%s/ %s"):format(path, content.mode))
  for name, child in pairs(content.entries) do
    describe(state, child, path .. "/" .. name, lines)
  end
end

--- One text for all that is on the disk, to tell states apart.
function M.describe(disk, state)
  local lines = {}
  describe(state, disk.root, "", lines)
  table.sort(lines)
  return require("host.tree").sha256(table.concat(lines, "\n"))
end

return M
