--- Breaks a copy of the sources in each way of mutations.lua and requires that it is noticed.
--- usage: mighost spec/crash/mutate.lua [PATTERN of what is broken]

local own = assert(require("host.sys").realpath(debug.getinfo(1, "S").source:sub(2)))
local root = own:match("^(.*)/spec/crash/mutate%.lua$")
package.path = package.path .. ";" .. root .. "/?.lua"

local mutations = require "spec.crash.mutations"
local sh = require "spec.support.sh"
local sys = require "host.sys"
local tmp = require "spec.support.tmp"

local COPY <const> = [[
set -e
mkdir "$2/src"
cd "$1" && tar -c --exclude=./build --exclude=./.git . | tar -x -C "$2/src"
set -- "$2" -S "$2/src" -B "$2/build" -DCMAKE_BUILD_TYPE=Release
command -v ninja >/dev/null && set -- "$@" -G Ninja
command -v ccache >/dev/null && set -- "$@" -DCMAKE_C_COMPILER_LAUNCHER=ccache
shift
cmake "$@"
]]

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read("a")
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  assert(file:write(text))
end

local function build(folder)
  sh.check { argv = { "cmake", "--build", folder .. "/build", "--target", "program", "faults" } }
end

--- The file with the change; raises where the text is not there once.
local function break_it(text, mutation)
  local from, to = text:find(mutation.old, 1, true)
  assert(from, ("%s: nothing to change in %s"):format(mutation.what, mutation.file))
  assert(not text:find(mutation.old, to + 1, true), mutation.what .. ": there is more than one")
  return text:sub(1, from - 1) .. mutation.new .. text:sub(to + 1)
end

--- Whether the tests that must notice something find anything.
local function is_noticed(folder, by)
  local src, exe = folder .. "/src", folder .. "/build/bin/mighost"
  local argv = by:find("_spec%.lua$") and { exe, src .. "/spec/run.lua", src .. "/" .. by }
    or { exe, src .. "/spec/crash/run.lua", "--first", by }
  return sh.run({ argv = argv, cwd = src }).exit ~= 0
end

--- Makes one change, and says whether it is noticed.
local function try(folder, mutation)
  local path = ("%s/src/%s"):format(folder, mutation.file)
  local text, begun = read(path), sys.monotonic()
  write(path, break_it(text, mutation))
  build(folder)
  local noticed = is_noticed(folder, mutation.noticed)
  print(("%-9s %6.1f s  %-32s %s"):format(noticed and "noticed" or "UNNOTICED",
    sys.monotonic() - begun, mutation.noticed, mutation.what))
  io.stdout:flush()
  write(path, text)
  return noticed
end

local pattern = ... or ""
local folder <close> = tmp.dir()
sh.check { argv = { "sh", "-c", COPY, "sh", root, folder.path } }
build(folder.path)
local sound = {}
for _, mutation in ipairs(mutations) do
  local by = mutation.noticed
  if mutation.what:find(pattern) and not sound[by] then
    assert(not is_noticed(folder.path, by), by .. " finds something in the sources as they are")
    sound[by] = true
  end
end
local unnoticed = 0
for _, mutation in ipairs(mutations) do
  if mutation.what:find(pattern) and not try(folder.path, mutation) then
    unnoticed = unnoticed + 1
  end
end
return unnoticed == 0 and 0 or 1
