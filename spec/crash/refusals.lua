--- What a file system does not have: a real one without an exchange where one can be mounted, and
--- locks that are not known, which must be refused before anything is paid for.

local cases = require "spec.crash.cases"
local places = require "spec.crash.place"
local promises = require "spec.crash.promises"
local sh = require "spec.support.sh"

local UNSUPPORTED <const> = 2

local M = {}

local function find_case(name)
  for _, case in ipairs(cases) do
    if case.name == name then
      return case
    end
  end
end

--- No open-file-description locks: refused clearly, and nothing was asked or changed.
local function without_locks(folder, report)
  local case = find_case("second")
  local place <close> = places.new(folder .. "/locks")
  case.prepare(place)
  local live, calls = promises.live(place), place:agent_calls()
  local result, refused = place:hurt(case.args, { refuse = "locks" })
  if result.exit ~= UNSUPPORTED or not result.stderr:find("lock", 1, true) or refused == 0 then
    report(("locks: ended with %s: %s"):format(result.exit, result.stderr))
  end
  if promises.live(place) ~= live or place:agent_calls()["pick-best"] ~= calls["pick-best"] then
    report("locks: something was done all the same")
  end
end

--- Runs in a name space of its own: the repository's first state is the lower layer of an overlay.
local OVERLAY <const> = [[
set -e
mkdir "$1/upper" "$1/work"
mount -t overlay overlay -o "lowerdir=$1/saved-lower/repo,upperdir=$1/upper,workdir=$1/work" "$2"
shift 2
cd "$1"
shift
exec "$@"
]]

--- Runs its arguments, does what the failure says, and runs them again.
local TWICE <const> = [[
said=$("$0" "$@" 2>&1) && exit 99
echo "$said" >&2
(eval "$(echo "$said" | sed -n 's/.*give it a copy once: \(.*\); the accepted.*/\1/p')") || exit
exec "$0" "$@"
]]

local function can_mount(place)
  return sh.run({ argv = { "unshare", "-m", "sh", "-c", OVERLAY, "sh", place.path, place.repo,
    place.repo, "true" } }).exit == 0
end

--- An overlay does not rename directories of its lower layer: the answer is kept, and published
--- once the person has done what the message says.
local function on_overlay(folder, report)
  local case = find_case("second")
  local place <close> = places.new(folder .. "/overlay")
  case.prepare(place)
  place:save("lower")
  if not can_mount(place) then
    print("NOTE refusals: no overlay can be mounted here, skipped")
    return
  end
  assert(os.execute(("rm -rf %s/upper %s/work"):format(sh.quote(place.path), sh.quote(place.path))))
  local result = place:run(case.args, nil, { "unshare", "-m", "sh", "-c", OVERLAY, "sh", place.path,
    place.repo, place.repo, "sh", "-c", TWICE })
  if result.exit ~= 0 or not result.stderr:find("cannot rename migrations/mig", 1, true)
    or not result.stdout:find("^pick%-best") or place:agent_calls()["pick-best"] ~= 1 then
    report(("overlay: ended with %s: %s%s"):format(result.exit, result.stdout, result.stderr))
  end
end

function M.run(folder, share, _, report)
  if share == 0 then
    without_locks(folder, report)
    return 1, 1
  end
  on_overlay(folder, report)
  return 1, 1
end

return M
