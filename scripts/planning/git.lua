--- The few things left to git's own program, which knows hooks, signing and every form of index.

local proc = require "host.proc"
local sys = require "host.sys"

-- Set by git for its hooks and aliases, they would point a git started here at another repository;
-- or what they say of paths goes with no other word about them.
local ELSEWHERE <const> = {
  "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_PREFIX", "GIT_GLOB_PATHSPECS",
  "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS",
}

local function environment(more)
  local env = sys.env()
  for _, name in ipairs(ELSEWHERE) do
    env[name] = nil
  end
  for name, value in pairs(more or {}) do
    env[name] = value
  end
  env.GIT_TERMINAL_PROMPT = "0"
  env.LC_ALL = "C"
  return env
end

--- The last line that says something. Of "error: why" before "fatal: adding files failed" that is
--- the first.
local function telling_line(output)
  local before, last
  for line in output:gmatch("[^\n]*%S[^\n]*") do
    before, last = last, line
  end
  local is_told = last and before and last:find("^fatal: ") and before:find("^error: ")
  return is_told and before or last
end

--- Why it failed, in git's own words.
local function reason_of(report)
  for _, stream in ipairs { report.stderr, report.stdout } do
    local line = telling_line(stream.whole and stream.head or stream.tail)
    if line then
      return line
    end
  end
  return "it ended with " .. tostring(report.exit or report.signal)
end

--- The command among the words, behind settings such as "-c core.fsync=all" and long options.
local function command_of(words)
  local index = 1
  while words[index + 1] and words[index]:find("^%-") do -- "--version" stands alone
    index = index + (words[index] == "-c" and 2 or 1)
  end
  return words[index]
end

local M = {}

---@class mighost.GitOptions
---@field stdin? string
---@field env? table<string, string>  added to the environment
---@field stdout? string      a file that gets what it prints
---@field stderr? string      likewise
---@field keep? integer       bytes of its output that are returned at most; default 8 MiB
---@field cap? integer        bytes that it may print
---@field timeout? number     seconds
---@field finishing? boolean  it runs although mighost got a signal
---@field held? host.lock.Lock  held until it has ended, even if mighost is killed
---@field secrets? table<string, string>  kept out of what it prints
---@field on_progress? fun()  called some times a second

--- Runs git in a folder, with the repository's hooks, filters and signing as they are configured.
---@param folder string
---@param words string[]
---@param opts? mighost.GitOptions
---@return string? stdout, string? message, string? name, host.proc.Report? report
---   EGIT: git said no; ETIMEOUT
function M.call(folder, words, opts)
  opts = opts or {}
  local argv = table.move(words, 1, #words, 5, { "git", "--literal-pathspecs", "-C", folder })
  local report, message, name = proc.run { argv = argv, cwd = folder, env = environment(opts.env),
    stdin = opts.stdin, stdout = opts.stdout, stderr = opts.stderr, keep = opts.keep,
    cap = opts.cap, timeout = opts.timeout, finishing = opts.finishing, held = opts.held,
    secrets = opts.secrets, on_progress = opts.on_progress }
  local command = command_of(words)
  if not report and name == "ENOENT" and message:find("not found in PATH", 1, true) then
    return nil, message .. "; install git, or add its folder to PATH", "EUNSUPPORTED"
  elseif not report then
    return nil, "cannot start git: " .. message, name
  elseif report.ended_by == "interrupt" then
    return nil, "interrupted", "EINTERRUPTED", report
  elseif report.ended_by == "timeout" then
    return nil, ("git %s did not finish within %g s"):format(command, opts.timeout), "ETIMEOUT",
      report
  elseif report.exit ~= 0 then
    return nil, ("git %s: %s"):format(command, reason_of(report)), "EGIT", report
  elseif not report.stdout.whole and not opts.stdout then
    return nil, ("git %s printed %d bytes, which is too much"):format(command,
      report.stdout.bytes), "EOUTPUT", report
  end
  return report.stdout.head, nil, nil, report
end

--- The same, without options.
---@param folder string
---@param ... string
---@return string? stdout, string? message, string? name   EGIT: git said no
function M.run(folder, ...)
  local out, message, name = M.call(folder, { ... })
  return out, message, name
end

--- git's own version, e.g. "2.39.5".
---@return string? version, string? message, string? name
function M.version()
  local out, message, name = M.run("/", "--version")
  if not out then
    return nil, message, name
  end
  return out:match("version (%S+)") or out:match("^[^\n]*")
end

--- Whether these paths are just as in HEAD, untracked files included.
---@param folder string
---@param paths string[]   relative to the folder
---@return boolean? clean, string? message, string? name
function M.is_clean(folder, paths)
  local out, message, name = M.run(folder, "status", "--porcelain", "--untracked-files=all", "--",
    table.unpack(paths))
  if not out then
    return nil, message, name
  end
  return out == ""
end

--- Whether git keeps anything at or below a path.
---@param folder string
---@param path string   relative to the folder
---@return boolean? tracked, string? message, string? name
function M.is_tracked(folder, path)
  local out, message, name = M.run(folder, "ls-files", "--", path)
  if not out then
    return nil, message, name
  end
  return out ~= ""
end

--- Commits these paths and nothing else, whatever else is staged.
---@param folder string
---@param paths string[]   relative to the folder; missing ones are committed as removed
---@param message string
---@return string? commit, string? message, string? name, string? fix
function M.commit_paths(folder, paths, message)
  local known, unknown = M.run(folder, "var", "GIT_COMMITTER_IDENT")
  if not known then
    return nil, "git does not know who you are: " .. unknown, "ENOIDENT",
      "git config user.name NAME && git config user.email ADDRESS"
  end
  local out, why, name = M.run(folder, "add", "--all", "--", table.unpack(paths))
  if out then
    out, why, name = M.run(folder, "commit", "--quiet", "--message", message, "--only", "--",
      table.unpack(paths))
  end
  if not out then
    return nil, why, name
  end
  local oid, problem, code = M.run(folder, "rev-parse", "HEAD")
  return oid and oid:match("%x+"), problem, code
end

return M
