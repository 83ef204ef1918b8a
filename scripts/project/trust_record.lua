--- What a user trusts, kept in the state folder: one file for each project, which holds the very
--- texts that were trusted.  It counts only while nobody else could have written it.
---
--- The linked work trees of a repository share a record, as its branches do: what matters is what
--- the texts are, and other texts are asked about again.  A clone elsewhere is another repository.

local folder = require "project.folder"
local owner = require "project.owner"
local pack = require "lib.pack"
local quote = require "lib.quote"

local FOLDER <const> = "trust"
local PRIVATE_FOLDER <const> = { mode = 448 }              -- 0700
local PRIVATE <const> = { mode = 384 }                     -- 0600
local KEY_DIGITS <const> = 32
local UNCERTAIN <const> = "others could change the record of what you trust: "

---@class mighost.TrustRecord
---@field texts string    what was trusted, as project.team packs it
---@field since string    when, ISO 8601

local M = {}

--- The file of a project, beneath the state folder.
---@param project mighost.Project
---@return string? rel, string? message, string? name
function M.locate(project)
  local digest, message, name = require("host.tree").sha256(
    pack.encode { repository = project.common, prefix = project.prefix })
  return digest and ("%s/%s"):format(FOLDER, digest:sub(1, KEY_DIGITS)), message, name
end

local function decode(text, project)
  local fields = text and pack.decode(text)
  if fields and fields.repository == project.common and fields.prefix == project.prefix
    and fields.since and fields.texts then
    return { texts = fields.texts, since = fields.since }
  end
end

--- The state folder, and where in it the record of a project is.
---@return host.fs.Dir|false|nil home   false: nothing was ever kept in it
---@return string? rel   or message
---@return string? name
local function open_home(project)
  local rel, message, name = M.locate(project)
  if not rel then
    return nil, message, name
  end
  local home, why, errno = folder.open_if_there(project.state_home)
  return home, home and rel or why, errno
end

--- What this user trusts in a project.
---@param project mighost.Project
---@return mighost.TrustRecord|false|nil record, string? message, string? name, string? fix  false:
---        nothing so far
function M.read(project)
  local home <close>, rel, name = open_home(project)
  if not home then
    return home, rel, name
  end
  local problem, fix = owner.problem_beneath(project.state_home, rel)
  if problem then
    return nil, UNCERTAIN .. problem, "EUNTRUSTED", fix
  end
  local text, why, errno = home:read(rel)
  if errno == "ENOENT" then
    return false
  elseif not text then
    return nil, why, errno
  end
  local record = decode(text, project)
  if not record then
    local path = project.state_home .. "/" .. rel
    return nil, "the record of what you trust cannot be read: " .. path, "EUNTRUSTED",
      "rm " .. quote.word(path)
  end
  return record
end

--- Records what the user trusts from now on.
---@param project mighost.Project
---@param record mighost.TrustRecord
---@return true? ok, string? message, string? name, string? fix
function M.write(project, record)
  local rel, message, name = M.locate(project)
  if not rel then
    return nil, message, name
  end
  local home <close>, trouble, code = folder.open(project.state_home)
  if not home then
    return nil, trouble, code
  end
  local made, why, errno = home:mkdir(FOLDER, PRIVATE_FOLDER)
  if not made then
    return nil, why, errno
  end
  local problem, fix = owner.problem_beneath(project.state_home, FOLDER)
  if problem then
    return nil, UNCERTAIN .. problem, "EUNTRUSTED", fix
  end
  return home:write(rel, pack.encode {
    repository = project.common, prefix = project.prefix, since = record.since,
    texts = record.texts,
  }, PRIVATE)
end

--- Forgets what the user trusts.
---@param project mighost.Project
---@return boolean? was_there, string? message, string? name
function M.remove(project)
  local home <close>, rel, name = open_home(project)
  if not home then
    return home, rel, name
  end
  local found = home:stat(rel) ~= nil
  local ok, why, errno = home:remove(rel)
  return ok and found, why, errno
end

return M
