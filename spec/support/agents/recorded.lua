--- An agent for `--with command`: does what the agent of a recording did, and says what it said.
--- usage: mighost spec/support/agents/recorded.lua RECORDING

local fs = require "host.fs"
local sys = require "host.sys"

local json = require "lib.json"

---Copies a folder's files into the work dir, in whatever folders they are.
local function lay_down(files, rel, work)
  for _, entry in ipairs(assert(files:list(rel))) do
    local path = rel and rel .. "/" .. entry.name or entry.name
    if entry.kind == "directory" then
      assert(work:mkdir(path))
      lay_down(files, path, work)
    else
      assert(work:write(path, assert(files:read(path)), { durable = false }))
    end
  end
end

local env = sys.env()
local call = ("%s/%s-%s"):format(..., env.MIGHOST_STAGE, env.MIGHOST_VISIT)
local dir <close> = assert(fs.open_dir(call))
local work <close> = assert(fs.open_dir(env.MIGHOST_WORK_DIR))
io.read("a")
local about = dir:read("call.json") -- not there yet the first time that a plan is recorded
for _, path in ipairs(about and assert(json.decode(about)).removed or {}) do
  assert(work:remove(path))
end
if dir:stat("files") then
  local files <close> = assert(dir:open_dir("files"))
  lay_down(files, nil, work)
end
io.write(assert(dir:read("answer.md")))
return 0
