--- A repository's own scripts do not run just because somebody typed `mighost` in it.  The scripts
--- in `.mighost/` and the keys of config.json that name programs are used once this user agreed, as
--- long as they are byte for byte what the user agreed to.

local VARIABLE <const> = "MIGHOST_TRUST"
local SHOWN <const> = 3
local DAY <const> = 10 -- of an ISO 8601 time: its date

---@class mighost.Standing
---@field state "empty"|"trusted"|"new"|"changed"|"refused"
---@field by? "record"|"environment"  for "trusted"
---@field since? string               for "changed" and a record's "trusted": when that was
---@field before table<string, string>  the texts that were trusted last
---@field why? string                 for "refused", and where a record does not count
---@field fix? string

---@class mighost.TrustChange
---@field what string       what people call the thing that changed
---@field change "added"|"changed"|"removed"
---@field before string    its text when it was trusted
---@field after string     its text now

--- Loaded only when a repository has such files.
local function teams()
  return require "project.team"
end

--- Whether MIGHOST_TRUST is the digest of these files; it is computed only when that is set.
local function is_named_by_environment(team)
  local wanted = os.getenv(VARIABLE)
  return wanted ~= nil and wanted ~= ""
    and wanted == require("host.tree").sha256(teams().pack(team))
end

local function judge_by_record(project)
  local record, why, _, fix = require("project.trust_record").read(project)
  local named = os.getenv(VARIABLE)
  if not why and named and named ~= "" then
    why = VARIABLE .. " is another digest"
  end
  if not record then
    return { state = "new", before = {}, why = why, fix = fix }
  end
  local before = require("lib.pack").decode(record.texts) or {}
  if record.texts == teams().pack(project.team) then
    return { state = "trusted", by = "record", since = record.since, before = before }
  end
  return { state = "changed", since = record.since, before = before, why = why }
end

local function judge(project)
  local team = project.team
  if not team or teams().is_empty(team) then
    return { state = "empty", before = {} }
  elseif #team.problems > 0 then
    return { state = "refused", why = team.problems[1], before = {} }
  elseif is_named_by_environment(team) then
    return { state = "trusted", by = "environment", before = team.items }
  end
  return judge_by_record(project)
end

--- "a, b, c and 2 more", in one line whatever the names are.
local function shorten(names)
  local shown = require("lib.text").printable(
    table.concat(names, ", ", 1, math.min(#names, SHOWN)))
  return #names > SHOWN and ("%s and %d more"):format(shown, #names - SHOWN) or shown
end

local function describe_changes(changes)
  local words = {}
  for i, change in ipairs(changes) do
    words[i] = ("%s (%s)"):format(change.what, change.change)
  end
  return shorten(words)
end

local M = {}

--- Decides what is trusted, and puts trusted keys into the configuration.
---@param project mighost.Project
---@return mighost.Standing
function M.settle(project)
  local standing = judge(project)
  if project.team then
    project.team.standing = standing
    for key, value in pairs(project.team.programs) do
      project.config[key] = standing.state == "trusted" and value or nil
    end
  end
  return standing
end

--- Whether the user trusts the project's own files and keys.
---@param project mighost.Project
---@return mighost.Standing
function M.standing(project)
  return project.team and project.team.standing or M.settle(project)
end

--- Whether the project's own files and keys may be used.
---@param project mighost.Project
---@return boolean
function M.is_trusted(project)
  return M.standing(project).state == "trusted"
end

--- The names of the project's own files and keys, for people, sorted.
---@param project mighost.Project
---@return string[]
function M.names(project)
  return project.team and teams().names(project.team) or {}
end

--- Why none of it can be trusted, by anybody.
---@param project mighost.Project
---@return string[]
function M.problems(project)
  local problems = project.team and project.team.problems or {}
  return table.move(problems, 1, #problems, 1, {})
end

--- How it differs from what was last trusted, sorted by name.
---@param project mighost.Project
---@return mighost.TrustChange[]
function M.changes(project)
  local before, after = M.standing(project).before, project.team and project.team.items or {}
  local changes = {}
  for what, text in pairs(after) do
    if not before[what] then
      table.insert(changes, { what = what, change = "added", before = "", after = text })
    elseif text ~= before[what] then
      table.insert(changes,
        { what = what, change = "changed", before = before[what], after = text })
    end
  end
  for what, text in pairs(before) do
    if not after[what] then
      table.insert(changes, { what = what, change = "removed", before = text, after = "" })
    end
  end
  table.sort(changes, function(a, b)
    return a.what < b.what
  end)
  return changes
end

--- Why the project's own files are not used, in one line; nil when they are used or there are none.
---@param project mighost.Project
---@return string?
function M.explain(project)
  local standing = M.standing(project)
  local why = standing.why and "; " .. standing.why or ""
  if standing.state == "refused" then
    return "no scripts or settings of this project can be used" .. why:gsub("^;", ":")
  elseif standing.state == "new" then
    return ("this project has scripts or settings that you have not trusted: %s%s"):format(
      shorten(teams().names(project.team)), why)
  elseif standing.state == "changed" then
    return ("this project's scripts or settings are not what you trusted on %s: %s%s"):format(
      standing.since:sub(1, DAY), describe_changes(M.changes(project)), why)
  end
end

--- The same as the values of a failure.
---@param project mighost.Project
---@return string message, string name, string fix
function M.refusal(project)
  local standing = M.standing(project)
  local root, here = project.team.root, require("host.sys").cwd()
  local is_here = here and require("project.paths").beneath(root, here)
  local command = "mighost trust" .. (is_here and "" or " -C " .. require("lib.quote").word(root))
  if standing.state == "refused" then
    command = command .. " --show"
  end
  return M.explain(project), "EUNTRUSTED", standing.fix or command
end

--- For commands that would use the project's own files.
---@param project mighost.Project
---@return true? ok, string? message, string? name, string? fix
function M.check(project)
  local state = M.standing(project).state
  if state == "trusted" or state == "empty" then
    return true
  end
  return nil, M.refusal(project)
end

--- The value of `MIGHOST_TRUST` that trusts this; nil when nothing can be trusted.
---@param project mighost.Project
---@return string? digest, string? message, string? name
function M.digest(project)
  local state = M.standing(project).state
  if state == "empty" or state == "refused" then
    return nil
  end
  return require("host.tree").sha256(teams().pack(project.team))
end

--- Trusts from now on what was read when the project was opened, even if it has changed since.
---@param project mighost.Project
---@return true? ok, string? message, string? name, string? fix
function M.accept(project)
  if M.standing(project).state == "refused" then
    return nil, M.refusal(project)
  end
  local sys = require "host.sys"
  local now = sys.now()
  local ok, message, name, fix = require("project.trust_record").write(project, {
    texts = teams().pack(project.team),
    since = require("lib.time").format(now, sys.utc_offset(now)),
  })
  if ok then
    M.settle(project)
  end
  return ok, message, name, fix
end

--- Stops trusting anything in this project.
---@param project mighost.Project
---@return boolean? was_trusted, string? message, string? name
function M.revoke(project)
  return require("project.trust_record").remove(project)
end

return M
