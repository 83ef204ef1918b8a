--- What publications left behind in `__transactions__`, and which of mighost's locks are held now.

local fs = require "host.fs"
local lock = require "host.lock"

local text = require "lib.text"

local SLUG <const> = "__transactions__"
local MODE <const> = "doctor"
local OLD_LOCK <const> = ".lock"
local FOLLOW <const> = { links = "follow" }

local function finding(severity, code, path, message)
  return {
    severity = severity, mode = MODE, code = code, path = path, message = message, slug = SLUG,
  }
end

---What a lock's holder says of itself, on one line; nil when nobody holds it.
local function holder_of(dir, name)
  local holder = dir and lock.holder(dir, name)
  return holder and text.printable(table.concat(text.lines(holder), ", ")) or nil
end

local function is_lock_name(name)
  return name == "repo.lock" or name:find("^worktree%-.+%.lock$") ~= nil
end

local function is_lease_name(name)
  return name:find("^.+%.lock$") ~= nil
end

local function find_held(dir, is_wanted, findings)
  for _, entry in ipairs(dir and dir:list() or {}) do
    local holder = is_wanted(entry.name) and holder_of(dir, entry.name)
    if holder then
      local path = dir:path() .. "/" .. entry.name
      findings[#findings + 1] = finding("info", "publish-lock-held", path,
        "held by a process that runs now: " .. holder)
    end
  end
end

---Whether an entry is the working folder of a publication that is under way.
local function is_in_use(leases, name)
  local slug = name:match("^(.+)@[^@]+$")
  return slug ~= nil and holder_of(leases, slug .. ".lock") ~= nil
end

local function check_entry(root, name, leases, findings)
  local found = root:stat(name, FOLLOW)
  local path = root:path() .. "/" .. name
  if found and name == OLD_LOCK then
    findings[#findings + 1] = finding("error", "publish-lock-present", path,
      "another tool's lock on publications is there")
  elseif found and found.kind == "directory" and not is_in_use(leases, name) then
    findings[#findings + 1] = finding("error", "transaction-leftover", path,
      "a publication that did not end left this behind")
  end
end

local function check_root(live_path, leases, findings)
  local live = fs.open_dir(live_path)
  local found = live and live:stat(SLUG, FOLLOW)
  if not found then
    return
  end
  local path = live_path .. "/" .. SLUG
  local root, message = fs.open_dir(path)
  local entries
  if root then
    entries, message = root:list()
  end
  for _, entry in ipairs(entries or {}) do
    check_entry(root, entry.name, leases, findings)
  end
  if not entries then
    findings[#findings + 1] = finding("error", "transaction-root-invalid", path, message)
  end
end

local M = {}

---Only looks: nothing is locked, repaired or removed.
---@param live_path string the live migrations directory
---@param common string|nil the git directory that all linked work trees share
---@return mighost.Finding[]
function M.findings(live_path, common)
  local findings = {}
  local home = common and fs.open_dir(common .. "/mighost")
  local leases = home and home:open_dir("leases")
  check_root(live_path, leases, findings)
  find_held(home, is_lock_name, findings)
  find_held(leases, is_lease_name, findings)
  return findings
end

return M
