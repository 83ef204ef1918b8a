--- A scratch repository with a live directory, and steps on it through host.publish, for specs.

local publish = require "host.publish"
local repo_module = require "host.repo"
local sys = require "host.sys"
local git = require "spec.support.git"
local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local M = {}

---@class spec.Site
local Site = {}
Site.__index = Site

--- A repository whose live directory is migrations/, with its attributes committed.
---@return spec.Site
function M.new()
  local repo = git.repo()
  repo:write("README", "a project\n")
  repo:write("migrations/.gitattributes", "* -text -filter -ident -working-tree-encoding\n")
  repo:commit("Start")
  return setmetatable({
    repo = repo,
    path = repo.path,
    state = tmp.dir(),
    live = repo.path .. "/migrations",
  }, Site)
end

--- Opens host.publish's site in this process.
function Site:open()
  self.handle = self.handle or assert(repo_module.open(self.path))
  return assert(publish.open {
    repo = self.handle,
    live = "migrations",
    state_home = self.state.path,
  })
end

--- A workspace of `files` (path to text) over what the snapshot has; a false text removes a file.
function Site:workspace(snapshot, files)
  local path = ("%s/work-%s"):format(self.state.path, sys.random_hex(4))
  assert(snapshot:copy(path))
  for name, text in pairs(files) do
    local file = path .. "/" .. name
    if text then
      sh.check { argv = { "mkdir", "-p", (file:gsub("/[^/]*$", "")) } }
      local handle <close> = assert(io.open(file, "wb"))
      handle:write(text)
    else
      assert(os.remove(file))
    end
  end
  return path
end

--- Begins a publish of `files` over what is live; returns what the caller goes on with.
function Site:begin(slug, files)
  local site = self:open()
  local lease = assert(site:lease(slug, "spec"))
  local recovered = assert(site:recover(lease))
  local snapshot = assert(site:snapshot(lease))
  local work = self:workspace(snapshot, files)
  local token = sys.random_hex(16)
  local tx = assert(site:begin(lease, snapshot, {
    workspace = work,
    operation = "spec.step",
    message = ("mighost: planning/%s/x\n\nWhy:\nspec"):format(slug),
    token = token,
  }))
  return { site = site, lease = lease, tx = tx, token = token, work = work, recovered = recovered }
end

--- Publishes `files` of a slug to the end; returns the commit.
function Site:publish(slug, files)
  local step = self:begin(slug, files)
  assert(step.tx:exchange())
  local oid = assert(step.tx:commit())
  assert(step.tx:finish())
  step.lease:drop()
  return oid
end

--- Runs the Lua text `body` in a mighost of its own that dies at its end without any clean-up;
--- `site` is a spec.Site of the same places there.
function Site:die(body)
  local folder <close> = tmp.dir()
  local script = folder:write("die.lua", ([[
    package.path = %q .. "/?.lua;" .. package.path
    local site = require("spec.support.site").attach(%q, %q)
    %s
    os.exit(77, false)
  ]]):format(program.root, self.path, self.state.path, body))
  local result = program.run { args = { script }, cwd = self.path }
  assert(result.exit == 77, result.stderr)
end

--- A spec.Site of places that another process made.
function M.attach(path, state)
  return setmetatable({ path = path, state = { path = state }, live = path .. "/migrations" }, Site)
end

--- What recovery of a slug says; the lease is given back.
function Site:recover(slug)
  local site = self:open()
  local lease <close> = assert(site:lease(slug, "spec"))
  return site:recover(lease)
end

--- The names in a folder but "." and "..", sorted.
function M.names(path)
  local listed = {}
  for name in require("lfs").dir(path) do
    if name ~= "." and name ~= ".." then
      listed[#listed + 1] = name
    end
  end
  table.sort(listed)
  return listed
end

--- What a publish must not leave: a transaction, a journal, a lock of ours, a quarantine.
---@return string[] leftovers
function Site:leftovers()
  local found = {}
  local function add(path, expected)
    local is_there = require("lfs").attributes(path, "mode") == "directory" -- git clean takes it
    for _, name in ipairs(is_there and M.names(path) or {}) do
      if not expected[name] then
        found[#found + 1] = path .. "/" .. name
      end
    end
  end
  add(self.live .. "/__transactions__", { [".gitignore"] = true })
  add(self.path .. "/.git/mighost/journals", {})
  add(self.path .. "/.git/mighost/locks", {})
  if (require("lfs").attributes(self.path .. "/.git/mighost/ours", "nlink") or 1) ~= 1 then
    found[#found + 1] = "a lock of git's that is ours"
  end
  for _, name in ipairs(M.names(self.path .. "/.git/objects")) do
    if name:find("^tmp_") or name:find("^mighost") then
      found[#found + 1] = name
    end
  end
  for _, name in ipairs(M.names(self.path .. "/.git")) do
    if name:find("%.lock$") then
      found[#found + 1] = name
    end
  end
  return found
end

--- Fails where anything is left, or the work tree or the repository is not as it should be.
function Site:check_sound()
  local expect = require "luassert" -- not in a process of its own that is to die
  expect.same({}, self:leftovers())
  expect.equal("", self.repo:status())
  self.repo:git("fsck", "--strict", "--no-dangling")
end

--- How many publications the branch has.
---@return integer
function Site:count_published()
  return select(2, self.repo:git("log", "--format=%B"):gsub("Publish%-Id: ", ""))
end

--- After a step that died with its trees exchanged: puts them back, as before the exchange.
---@param slug string
---@return string entry of the transaction
function Site:exchange_back(slug)
  local entry = M.names(self.live .. "/__transactions__")[2]
  local staged = ("%s/__transactions__/%s/staged"):format(self.live, entry)
  sh.check { argv = { "mv", self.live .. "/" .. slug, staged .. ".x" } }
  sh.check { argv = { "mv", staged, self.live .. "/" .. slug } }
  sh.check { argv = { "mv", staged .. ".x", staged } }
  return entry
end

--- Removes everything.
function Site:close()
  if self.handle then
    self.handle:close()
  end
  self.repo:close()
  self.state:close()
end

Site.__close = Site.close

return M
