--- What must hold for the repository before an agent is paid; every check is cheap.

local fs = require "host.fs"
local quote = require "lib.quote"
local sys = require "host.sys"

local M = {}

---@param repo host.repo.Repo
---@return true|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.check_repository(repo)
  local info, message, name = repo:info()
  if not info then
    return nil, message, name
  elseif info.unborn then
    return nil, "the repository has no commit yet: " .. info.workdir, "EUNSUPPORTED",
      "git commit --allow-empty -m Start"
  elseif info.state ~= "none" then -- a rebase detaches HEAD, too
    return nil, ("a %s is under way, finish or abort it: %s"):format(info.state, info.workdir),
      "EMERGING", "git status"
  elseif info.detached then
    return nil, "HEAD is detached, there is no branch to commit to: " .. info.workdir,
      "EUNSUPPORTED",
      "git switch <branch>"
  end
  local person, why, code = repo:identity()
  if not person then
    return nil, why, code,
      code == "ENOIDENT" and "git config user.name NAME && git config user.email ADDRESS" or nil
  end
  return true
end

---Checks that the live directory exists, behind no link, and that a publication can change it.
---@param project mighost.Project
---@return true|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.check_live(project)
  local live <close>, message, name = fs.open_dir(project.live_path)
  if not live then
    local is_missing = name == "ENOENT" or name == "ENOTDIR"
    return nil, "cannot open the live migrations directory: " .. message,
      is_missing and "ECONFIG" or name,
      is_missing and "mighost init --live-migrations-dir " .. quote.word(project.live) or nil
  end
  local tree <close> = fs.open_dir(project.worktree)
  local direct <close>, problem, errno = (tree or live):open_dir(project.git_live)
  if not direct and errno == "ELOOP" then
    return nil, "the live migrations directory must lie in the work tree itself: " .. problem,
      "EUNSUPPORTED"
  end
  local writable, why, code = sys.can_write(project.live_path)
  if not writable then
    return nil, "cannot publish in the live migrations directory: " .. why, code
  end
  return true
end

return M
