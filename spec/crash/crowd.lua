--- Many processes at once: publishers that are killed, and one that reads the trees all the time.

local lfs = require "lfs"
local places = require "spec.crash.place"
local promises = require "spec.crash.promises"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tree = require "host.tree"

local CALLS <const> = 240 -- about as many as a step makes
local BUSY <const> = 5
local LEARN_EVERY <const> = 20
local STAGES <const> = { "approaches", "pick-best", "expand", "review", "final-review" }

local M = {}

local function exists(path)
  return lfs.symlinkattributes(path, "mode") ~= nil
end

local function wait_for(path)
  while not exists(path) do
    assert(os.execute("sleep 0.05"))
  end
end

local function touch(path)
  assert(io.open(path, "wb")):close()
end

local function plan(slug)
  return { "plan", "--with", "command", "--agent-command", places.agent, slug, "--target",
    "Do " .. slug }
end

--- One publisher: its own migrations, and ones that all work on.  Returns runs, kills and what was
--- begun, "<slug>" each, or acknowledged, "<slug> <stage>" each.
local function publish(place, share, deadline, report)
  local runs, kills, said = 0, 0, {}
  local own, shared = 1, 1
  while sys.monotonic() < deadline do
    local is_own = math.random() < 0.6
    local slug = is_own and ("own-%d-%d"):format(share, own) or ("all-%d"):format(shared)
    local dies = math.random() < 0.4
    local result, _, hits = place:hurt(plan(slug),
      { fault = dies and "kill:" .. math.random(CALLS) or nil })
    runs, kills = runs + 1, kills + hits
    table.insert(said, slug)
    for stage in result.stdout:gmatch("([%l%-]+) +%S+ +%x%x%x%x%x%x%x ") do
      table.insert(said, slug .. " " .. stage)
    end
    if hits == 0 and result.exit ~= 0 and not (result.exit == BUSY and not is_own) then
      report(("%s ended with %s: %s"):format(slug, result.exit, result.stderr))
    end
    if result.exit == 0 and result.stderr:find(" is ready", 1, true) then
      own, shared = own + (is_own and 1 or 0), shared + (is_own and 0 or 1)
    end
  end
  return runs, kills, said
end

--- Learns which migrations are committed: from then on they must be there.  A new one may go again
--- before that, when its first step cannot be committed.
local function learn(place, known)
  for slug in place:git("ls-tree", "--name-only", "HEAD", "migrations/"):gmatch("([^/\n]+)\n?") do
    if slug:find("^%l+%-%d") then
      known[slug] = true
    end
  end
end

--- Reads each migration once; what it sees goes to `seen`, "<slug> <digest>".
local function read_all(live, seen, known, report)
  for slug in lfs.dir(live) do
    if slug:find("^%l+%-%d") then
      local path = live .. "/" .. slug
      local before = lfs.symlinkattributes(path, "ino")
      local digest = tree.digest(path)
      if before == lfs.symlinkattributes(path, "ino") then -- else it was the one that went away
        seen[slug .. " " .. (digest or "unreadable")] = true
      end
    end
  end
  for slug in pairs(known) do
    if not exists(live .. "/" .. slug) then
      report(slug .. " was missing")
    end
  end
end

--- The digests of all trees that were ever committed, "<slug> <digest>".
local function committed(place)
  local trees = {}
  local scratch = place.path .. "/scratch"
  for commit in place:git("log", "--format=%H", "--", "migrations"):gmatch("%x+") do
    sh.check { argv = { "sh", "-c", [[
      rm -rf "$1" && mkdir "$1" && git -c tar.umask=022 archive "$2" migrations | tar -x -C "$1"
    ]], "sh", scratch, commit }, cwd = place.repo, env = place:env() }
    for slug in lfs.dir(scratch .. "/migrations") do
      if slug:find("^%l+%-%d") then
        trees[slug .. " " .. assert(tree.digest(scratch .. "/migrations/" .. slug))] = true
      end
    end
  end
  return trees
end

local function count_steps(place)
  local counts = {}
  for _, subject in ipairs(assert(promises.history(place)).subjects) do
    local slug, stage = subject:match("^mighost: planning/([^/]+)/(.+)$")
    local key = slug .. " " .. stage
    counts[key] = (counts[key] or 0) + 1
  end
  return counts
end

--- Takes each migration to its end, so that whatever was left is recovered, and checks it all.
local function check(place, begun, seen, said, report)
  for slug in pairs(begun) do
    local args = plan(slug)
    table.insert(args, "--to-end")
    local result = place:run(args)
    if result.exit ~= 0 then
      report(("%s cannot go on: %s"):format(slug, result.stderr))
    end
  end
  local counts = count_steps(place)
  for slug in pairs(begun) do
    for _, stage in ipairs(STAGES) do
      local count = counts[slug .. " " .. stage] or 0
      if count ~= 1 then
        report(("%s %s is in history %d times"):format(slug, stage, count))
      end
    end
  end
  for step in pairs(said) do
    if not counts[step] then
      report(step .. " was acknowledged and is not in history")
    end
  end
  local trees = committed(place)
  for digest in pairs(seen) do
    if not trees[digest] then
      report("a tree was seen that was never committed: " .. digest)
    end
  end
  for _, list in ipairs { promises.soundness(place), promises.leftovers(place) } do
    for _, problem in ipairs(list) do
      report(problem)
    end
  end
end

local function write_said(path, said)
  local file <close> = assert(io.open(path .. ".new", "wb"))
  assert(file:write(table.concat(said, "\n")))
  assert(os.rename(path .. ".new", path))
end

--- One of the processes: the first one reads and judges, the others publish.
---@param seconds number
---@param folder string
---@param share integer
---@param shares integer
---@param report fun(text: string)
---@return integer runs
---@return integer kills
function M.run(seconds, folder, share, shares, report)
  if share > 0 then
    wait_for(folder .. "/ready")
    math.randomseed(share)
    local place = places.attach(folder .. "/crowd", ("%s/worker-%d"):format(folder, share))
    place.is_confined = true -- else what the others publish counts as the agent's doing
    local runs, kills, said = publish(place, share, sys.monotonic() + seconds, report)
    write_said(("%s/said-%d"):format(folder, share), said)
    return runs, kills
  end
  local place <close> = places.new(folder .. "/crowd")
  touch(folder .. "/ready")
  local live, seen, known = place.repo .. "/migrations", {}, {}
  local reads = 0
  local deadline = sys.monotonic() + seconds
  while sys.monotonic() < deadline do
    if reads % LEARN_EVERY == 0 then
      learn(place, known)
    end
    read_all(live, seen, known, report)
    reads = reads + 1
  end
  local said, begun = {}, {}
  for other = 1, shares - 1 do
    local path = ("%s/said-%d"):format(folder, other)
    wait_for(path)
    for line in io.lines(path) do
      if line:find(" ", 1, true) then
        said[line] = true
      else
        begun[line] = true
      end
    end
  end
  read_all(live, seen, known, report)
  check(place, begun, seen, said, report)
  return reads, 0
end

return M
