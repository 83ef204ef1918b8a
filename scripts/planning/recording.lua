--- Agent calls kept as plain files, to be answered again without an agent.
---
--- <recording>/<stage>-<visit>/call.json    the request, the report, which files were removed
---                             prompt.md    with what differs between machines replaced
---                             answer.md
---                             files/…      what the agent added or changed in the work dir

local fs = require "host.fs"
local sys = require "host.sys"
local tree = require "host.tree"

local diff = require "lib.diff"
local folder = require "project.folder"
local json = require "lib.json"

local SCHEMA <const> = 1

---@class mighost.Recorded
---@field answer string
---@field prompt string normalised
---@field removed string[] paths that the agent removed
---@field files string|nil absolute path of the folder of added and changed files

local function replace_all(text, plain, mark)
  if plain == "" then
    return text
  end
  return (text:gsub(plain:gsub("%p", "%%%0"), (mark:gsub("%%", "%%%%"))))
end

local M = {}

---A prompt without what differs between machines: two prompts for the same work compare equal.
---@param prompt string
---@param call { work_dir: string, live_dir: string, repo_root: string, slug: string }
---@return string
function M.normalise(prompt, call)
  local text = replace_all(prompt, call.work_dir, "<work-dir>")
  text = replace_all(text, call.live_dir, "<live-dir>")
  text = replace_all(text, call.repo_root, "<repo>")
  local slug = call.slug:gsub("%p", "%%%0")
  return (text:gsub("%f[%w_-]" .. slug .. "%f[^%w_-]", "<slug>")) -- not the lock in "block"
end

local function folder_name(call)
  return ("%s-%d"):format(call.stage, call.visit)
end

local function all_inside(paths)
  for _, path in ipairs(paths) do
    if type(path) ~= "string" or path:sub(1, 1) == "/"
      or ("/" .. path .. "/"):find("/../", 1, true) then
      return false
    end
  end
  return true
end

local function read_call(dir, where)
  local text, message = dir:read("call.json")
  if not text then
    return nil, message
  end
  local call, problem = json.decode(text)
  if type(call) ~= "table" or call.schema ~= SCHEMA or type(call.removed) ~= "table" then
    return nil, ("%s/call.json: %s"):format(where, problem or "not a recorded call of schema 1")
  end
  if not all_inside(call.removed) then
    return nil, ("%s/call.json: removed names a path outside the work dir"):format(where)
  end
  return call
end

---Whether calls can be kept in this folder, which may be missing; nothing is written.
---@param path string absolute
---@return true|nil
---@return string? message
---@return string? NAME
function M.can_save(path)
  local dir <close>, message, name = fs.open_dir(path)
  local above = path:match("^(.*)/[^/]*$")
  if dir then
    return sys.can_write(path)
  elseif name == "ENOENT" and above then
    return M.can_save(above == "" and "/" or above)
  end
  return nil, message, name
end

---Finds the recorded answer to a call.
---@param path string folder of the recording
---@param call { stage: string, visit: integer }
---@return mighost.Recorded|nil
---@return string? message
---@return string? NAME
function M.find(path, call)
  local where = path .. "/" .. folder_name(call)
  local dir <close>, why, code = fs.open_dir(where)
  if not dir then
    if code == "ENOENT" then
      return nil, ("the recording %s has no answer for visit %d of %s"):format(
        path, call.visit, call.stage), "EAGENT"
    end
    return nil, why, "EAGENT"
  end
  local about, problem = read_call(dir, where)
  local answer, no_answer = dir:read("answer.md")
  local prompt, no_prompt = dir:read("prompt.md")
  if not (about and answer and prompt) then
    return nil, problem or no_answer or no_prompt, "EAGENT"
  end
  local info = dir:stat("files")
  return {
    answer = answer,
    prompt = prompt,
    removed = about.removed,
    files = info and info.kind == "directory" and where .. "/files" or nil,
  }
end

---What differs between the recorded prompt and this one.
---@param recorded mighost.Recorded
---@param normalised string
---@return string|nil difference nil when there is none
function M.compare(recorded, normalised)
  if recorded.prompt == normalised then
    return nil
  end
  return diff.lines(recorded.prompt, normalised)
end

local function copy_files(dir, call, outcome)
  local work <close>, message, name = fs.open_dir(call.work_dir)
  if not work then
    return nil, message, name
  end
  for _, path in ipairs(outcome.files) do
    local text, why, code = work:read(path)
    if not text then
      return nil, why, code
    end
    local above = path:match("^(.*)/[^/]+$")
    local made, trouble, errno = dir:mkdir(above and "files/" .. above or "files")
    if not made then
      return nil, trouble, errno
    end
    local written, failure, number = dir:write("files/" .. path, text, { durable = false })
    if not written then
      return nil, failure, number
    end
  end
  return true
end

local function describe(call, outcome, prompt)
  return json.encode {
    schema = SCHEMA,
    role = call.role or "planning." .. call.stage,
    stage = call.stage,
    visit = call.visit,
    agent = call.agent,
    model = call.model,
    effort = call.effort,
    prompt_sha256 = tree.sha256(prompt),
    removed = json.array(outcome.removed),
    report = { exit = outcome.report.exit, wall = outcome.report.wall },
  } .. "\n"
end

local function write_all(dir, texts)
  for _, name in ipairs { "answer.md", "call.json", "prompt.md" } do
    local written, message, code = dir:write(name, texts[name], { durable = false })
    if not written then
      return nil, message, code
    end
  end
  return true
end

---Saves a call; an earlier recording of the same visit is replaced as a whole.
---@param path string folder of the recording, made when missing
---@param call table stage, visit, slug, prompt, agent, model, effort, work_dir, live_dir, repo_root
---@param outcome { text: string, files: string[], removed: string[], report: table }
---@return true|nil
---@return string? message
---@return string? NAME
function M.save(path, call, outcome)
  local prompt = M.normalise(call.prompt, call)
  local name = folder_name(call)
  local fresh = (".%s.%s"):format(name, sys.random_hex(4))
  local home <close>, message, code = folder.open(path)
  local dir <close>, why, errno = folder.open(path .. "/" .. fresh)
  if not (home and dir) then
    return nil, message or why, code or errno
  end
  local copied, trouble, number = copy_files(dir, call, outcome)
  if not copied then
    return nil, trouble, number
  end
  local texts = {
    ["answer.md"] = outcome.text,
    ["call.json"] = describe(call, outcome, prompt),
    ["prompt.md"] = prompt,
  }
  local written, failure, wrong = write_all(dir, texts)
  if not written then
    return nil, failure, wrong
  end
  local removed, left, reason = tree.remove(path .. "/" .. name)
  if not removed then
    return nil, left, reason
  end
  return home:rename(fresh, name)
end

return M
