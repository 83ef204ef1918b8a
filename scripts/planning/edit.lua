--- A script's own change to a migration, published like a step.

local fs = require "host.fs"
local tree = require "host.tree"

local between = require "planning.between"
local candidates = require "planning.candidates"
local changes = require "planning.change"
local commit = require "planning.commit"
local quote = require "lib.quote"
local resolve = require "migration.resolve"
local settings = require "planning.settings"

local OPERATION <const> = "publish"

---@class mighost.PublishRequest
---@field project? mighost.Project  default: the one around `repo_root`
---@field repo_root? string         default: the current directory
---@field slug string               a migration, or its path; with `create` the name of a new one
---@field create? boolean           it must not exist yet
---@field subject string            of the commit, behind the prefix; one line
---@field why? string               for the commit's body; one line
---@field change fun(dir: host.fs.Dir): any, string|nil, string|nil
---                                 writes the files; nil or false, a message and a name give it up
---@field on_event? fun(event: table)

---@class mighost.Published
---@field slug string
---@field commit string|nil   nil where nothing was changed

---The migration that is meant, or the name of a new one.
local function find_slug(project, request)
  if not request.create then
    return resolve.target(project, request.slug)
  end
  local ok, message, name = candidates.check_new_slug(request.slug)
  if not ok then
    return nil, message, name
  end
  local live <close>, why, errno = fs.open_dir(project.live_path)
  if not live then
    return nil, why, errno
  elseif live:stat(request.slug) then
    return nil, ("there is a migration %s already"):format(request.slug), "EUSAGE",
      "mighost migration show " .. quote.word(request.slug)
  end
  return request.slug
end

local function message_for(project, request)
  local prefix = settings.prefix(project.config)
  local why = request.why and ("\nWhy:\n%s\n"):format(commit.flatten(request.why)) or ""
  return ("%s: %s\n%s"):format(prefix, commit.flatten(request.subject), why)
end

---The published files with the script's changes.
local function fill(request, path, snapshot)
  local copied, message, name = snapshot:copy(path)
  if not copied then
    return nil, message, name
  end
  local dir <close>, why, errno = fs.open_dir(path)
  if not dir then
    return nil, why, errno
  end
  local done, problem, kind = request.change(dir)
  if not done then
    return nil, problem or "the change was given up", kind or "EGIVENUP"
  end
  return tree.sync(path)
end

local M = {}

---Publishes what `request.change` makes of a migration's files.  The rules must hold; the lease is
---held meanwhile.
---@param project mighost.Project
---@param request mighost.PublishRequest
---@return mighost.Published|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.publish(project, request)
  local on_event = request.on_event or function() end
  local slug, message, name, fix = between.settle(project, on_event, request.slug)
  if slug then
    slug, message, name, fix = find_slug(project, request)
  end
  if not slug then
    return nil, message, name, fix
  end
  local repo <close>, why, code, help = changes.open(project)
  if not repo then
    return nil, why, code, help
  end
  local ok, problem, errno, advice = changes.check(project, repo, slug)
  if not ok then
    return nil, problem, errno, advice
  end
  local oid, trouble, kind, way = changes.publish(project, repo, {
    slug = slug, operation = OPERATION, message = message_for(project, request),
    on_event = on_event,
    fill = function(path, snapshot)
      return fill(request, path, snapshot)
    end,
  })
  if oid == nil then
    return nil, trouble, kind, way
  end
  return { slug = slug, commit = oid or nil }
end

return M
