--- Finds git settings under which the committed bytes of a migration would not be its live ones.

local fs = require "host.fs"
local repos = require "host.repo"

local quote = require "lib.quote"

-- What may rewrite a file on its way into or out of git.
local NAMES <const> = { "text", "eol", "filter", "ident", "working-tree-encoding" }
local SAMPLES <const> = {
  "manifest.json", "plan.md", "phase-1-sample.md", "approaches/sample.md",
  ".planning/state.json", ".planning/stages/sample.stdout.md",
}
local OFF <const> = { unset = true, unspecified = true }
local GUARD <const> = "* -text -filter -ident -working-tree-encoding"
local FILE <const> = ".gitattributes"
local NOWHERE <const> = "/dev/null"
-- Variables that add attributes, or settings that libgit2 does not see.
local VARIABLES <const> = {
  "GIT_ATTR_SOURCE", "GIT_CONFIG_COUNT", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_PARAMETERS",
  "GIT_CONFIG_SYSTEM",
}

local function parse(output)
  local files = {}
  for path, attribute, value in output:gmatch("([^%z]*)%z([^%z]*)%z([^%z]*)%z") do
    if not files[#files] or files[#files].path ~= path then
      files[#files + 1] = { path = path, values = {} }
    end
    files[#files].values[attribute] = value
  end
  return files
end

---The attribute that may change the bytes of such a file, else nil.
local function offender(values)
  for _, name in ipairs(NAMES) do
    local value = values[name] or "unset"
    local is_harmless = OFF[value] or name == "eol" and values.text == "unset"
    if not is_harmless then
      return ("%s (%s)"):format(name, value)
    end
  end
  return nil
end

---What applies to these files; without an offender, the first file that a setting could still
---reach.
local function judge(files)
  local unguarded = nil
  for _, file in ipairs(files) do
    local found = offender(file.values)
    if found then
      return ("the git attribute %s applies to %s"):format(found, file.path)
    end
    unguarded = unguarded or file.values.text ~= "unset" and file.path or nil
  end
  return nil, unguarded
end

local function find_problem(repo, output)
  local problem, unguarded = judge(parse(output))
  if unguarded then
    local setting = repo:git { "config", "--get", "core.autocrlf" } or ""
    if setting:find("^true") or setting:find("^input") then
      problem = "git's core.autocrlf applies to " .. unguarded
    end
  end
  return problem
end

---Whether a file certainly does not exist.
local function is_absent(dir, path)
  local _, _, name = dir:stat(path)
  return name == "ENOENT"
end

---Whether git may take attributes from elsewhere than from the files of the work tree.
local function is_steered(repo)
  for _, variable in ipairs(VARIABLES) do
    if (os.getenv(variable) or NOWHERE) ~= NOWHERE then
      return true
    end
  end
  return repo:has_setting "attr.tree" ~= false
end

---Whether nothing but mighost's own line can apply.  Of all attributes those of the deepest folder
---count; only the repository's own info/attributes count more.  So where that is missing, and
---nothing lies beneath the line in the live directory, git would say what the line says.
local function is_guarded(project, slug, repo)
  local live <close> = fs.open_dir(project.live_path)
  local common <close> = fs.open_dir(project.common)
  if not live or not common or live:read(FILE) ~= GUARD .. "\n"
    or not is_absent(common, "info/attributes") then
    return false
  end
  for _, sample in ipairs(SAMPLES) do
    if not is_absent(live, ("%s/%s%s"):format(slug, sample:match("^.*/") or "", FILE)) then
      return false
    end
  end
  return not is_steered(repo)
end

---What git says of the samples, as its `check-attr -z` prints it.
local function ask_git(project, slug, repo)
  local words = { "check-attr", "-z", table.unpack(NAMES) }
  words[#words + 1] = "--"
  for _, sample in ipairs(SAMPLES) do
    words[#words + 1] = ("%s/%s/%s"):format(project.git_live, slug, sample)
  end
  return repo:git(words)
end

local M = {}

---Refuses a migration whose files git may change on their way in or out.
---@param project { worktree: string, git_live: string, live_path: string, common: string }
---@param slug string
---@param repo? host.repo.Repo the project's, where it is open
---@return true|nil
---@return string? message
---@return string? NAME
---@return string? fix
function M.check(project, slug, repo)
  if not repo then
    local opened <close>, message, name = repos.open(project.worktree)
    if not opened then
      return nil, message, name
    end
    return M.check(project, slug, opened)
  end
  if is_guarded(project, slug, repo) then
    return true
  end
  local output, why, code = ask_git(project, slug, repo)
  if not output then
    return nil, why, code == "EGIT" and "EUNSUPPORTED" or code
  end
  local problem = find_problem(repo, output)
  if not problem then
    return true
  end
  return nil, problem .. ": committed bytes would differ from the live ones", "EUNSUPPORTED",
    ("echo %s >> %s"):format(quote.word(GUARD), quote.word(project.live_path .. "/.gitattributes"))
end

return M
