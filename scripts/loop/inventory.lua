--- What is in a work tree, entry by entry, and the list kept in a file: taken before an action, it
--- tells afterwards what was touched.
---
--- git's own folder is left out; of other repositories inside the work tree it only notes that
--- they are there.  `.git` files, which lead from a submodule or a linked work tree to its
--- repository, are files.  Mount points are not entered.  The time of the last change (ctime)
--- cannot be set by a program, so an entry that has the same one was not written to.

local proc = require "host.proc"
local sys = require "host.sys"

local tables = require "lib.tables"
local text = require "lib.text"

local HEADER <const> = "mighost-inventory 2\n"
local LARGEST <const> = 1 << 30 -- bytes of a list
local KINDS <const> = { f = "file", d = "directory", l = "symlink", p = "fifo",
  r = "repository" }
local LETTERS <const> = { file = "f", directory = "d", symlink = "l", fifo = "p", other = "o",
  repository = "r" }
local FIELDS <const> = "%%P\\0%s\\0%%y\\0%%m\\0%%s\\0%%C@\\0%%i\\0%%l\\0"
local ATTEMPTS <const> = 3 -- where something vanishes while it is looked at

---@class mighost.InventoryEntry
---@field kind "file"|"directory"|"symlink"|"fifo"|"other"|"repository" the last: a `.git` folder
---@field is_closed boolean  its content cannot be read: nothing is known of what is in it
---@field mode integer       permission, set-id and sticky bits
---@field size integer
---@field changed string     the time of its last change
---@field inode string
---@field target string      of a link
---@field oid string|nil     git's id of its bytes, where they are kept

---@class mighost.Inventory
---@field taken number seconds since 1970
---@field entries table<string, mighost.InventoryEntry> by path relative to the root

---A path as find's -path wants it, which takes patterns.
local function as_pattern(path)
  return "./" .. path:gsub("[%*%?%[%]\\]", "\\%0")
end

local function find_words(skip)
  local words = { "find", ".", "-mindepth", "1", "-xdev", "(" }
  local function add(...)
    table.move({ ... }, 1, select("#", ...), #words + 1, words)
  end
  add("-path", "./.git", "-type", "d")
  for _, path in ipairs(skip) do
    add("-o", "-path", as_pattern(path))
  end
  add(")", "-prune", "-o")
  add("-name", ".git", "-type", "d", "-prune", "-printf", FIELDS:format("r"), "-o")
  add("-type", "d", "(", "!", "-readable", "-o", "!", "-executable", ")", "-prune")
  add("-printf", FIELDS:format("c"), "-o")
  add("-type", "f", "!", "-readable", "-printf", FIELDS:format("c"), "-o")
  add("-printf", FIELDS:format("-"))
  return words
end

local PATTERN <const> = ("([^%z]*)%z"):rep(8)

local function parse(output)
  local entries = {}
  for path, flag, kind, mode, size, changed, inode, target in output:gmatch(PATTERN) do
    entries[path] = {
      kind = flag == "r" and "repository" or KINDS[kind] or "other", is_closed = flag == "c",
      mode = tonumber(mode, 8), size = math.tointeger(tonumber(size)), changed = changed,
      inode = inode, target = target,
    }
  end
  return entries
end

local function run_find(root, skip)
  return proc.run {
    argv = find_words(skip), cwd = root, keep = LARGEST, cap = LARGEST, finishing = true,
    env = { LC_ALL = "C", PATH = os.getenv("PATH") or "/usr/bin:/bin" },
  }
end

local M = {}

---Lists everything.  It runs even after a signal to end, since it is needed to put things back.
---@param root string absolute
---@param skip string[] relative paths that are left out, with all beneath them
---@return mighost.Inventory|nil
---@return string? message
---@return string? NAME
function M.take(root, skip)
  local trouble
  for _ = 1, ATTEMPTS do
    local taken = sys.now()
    local report, message, name = run_find(root, skip)
    if not report then
      return nil, ("cannot look through %s: %s"):format(root, message), name
    elseif report.exit == 0 and report.stdout.whole then
      return { taken = taken, entries = parse(report.stdout.head) }
    end
    trouble = report.stdout.whole and report.stderr.head:match("[^\n]+")
      or "it has too many entries"
  end
  return nil, ("cannot look through %s: %s"):format(root, text.printable(trouble or "no reason")),
    "EIO"
end

---Whether an entry is what it was, as far as can be told without reading it.
---@param a mighost.InventoryEntry
---@param b mighost.InventoryEntry
---@return boolean
function M.is_same(a, b)
  return a.kind == b.kind and a.mode == b.mode and a.target == b.target
    and (a.kind == "directory" or a.kind == "repository" or a.changed == b.changed
      and a.inode == b.inode and a.size == b.size)
end

---The paths, sorted so that what is in a directory follows it.
---@param entries table<string, mighost.InventoryEntry>
---@return string[]
function M.paths(entries)
  return tables.sorted_keys(entries, function(a, b)
    return a:gsub("/", "\0") < b:gsub("/", "\0")
  end)
end

---Keeps a list where a later process finds it.
---@param dir host.fs.Dir
---@param file string
---@param inventory mighost.Inventory
---@return true|nil
---@return string? message
---@return string? NAME
function M.write(dir, file, inventory)
  local parts = { HEADER, ("%.9f\0"):format(inventory.taken) }
  for path, entry in pairs(inventory.entries) do
    parts[#parts + 1] = table.concat({ path, entry.is_closed and "c" or "-", LETTERS[entry.kind],
      ("%o"):format(entry.mode), ("%d"):format(entry.size), entry.changed, entry.inode,
      entry.target, entry.oid or "", "" }, "\0")
  end
  parts[#parts + 1] = "end\0"
  return dir:write(file, table.concat(parts), { durable = false, mode = 384 })
end

---@param dir host.fs.Dir
---@param file string
---@return mighost.Inventory|nil
---@return string? message
---@return string? NAME ECORRUPT
function M.read(dir, file)
  local source, message, name = dir:read(file, { max = 2 * LARGEST })
  if not source then
    return nil, message, name
  end
  local taken, start = source:match("^" .. HEADER:gsub("%p", "%%%0") .. "([%d.]+)%z()")
  if not taken or source:sub(-5) ~= "\0end\0" then
    return nil, ("%s/%s is damaged"):format(dir:path(), file), "ECORRUPT"
  end
  local entries = {}
  for path, flag, kind, mode, size, changed, inode, target, oid in
    source:gmatch(PATTERN .. "([^%z]*)%z", start) do
    entries[path] = { kind = KINDS[kind] or "other", is_closed = flag == "c",
      mode = tonumber(mode, 8), size = math.tointeger(tonumber(size)), changed = changed,
      inode = inode, target = target, oid = oid ~= "" and oid or nil }
  end
  return { taken = tonumber(taken), entries = entries }
end

return M
