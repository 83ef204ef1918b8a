--- Records the shipped plan again with the prompts of today: its answers and files are the source,
--- its prompts and call.json are what a real run of `mighost plan --record` writes.
--- usage: mighost spec/support/record-shipped.lua

local lfs = require "lfs"

local path = debug.getinfo(1, "S").source:sub(2)
if not path:find("^/") then
  path = lfs.currentdir() .. "/" .. path
end
package.path = package.path .. ";" .. path:match("^(.*)/spec/support/[^/]*$") .. "/?.lua"

local project = require "spec.support.project"
local shipped = require "spec.support.shipped"

local scratch <close> = project.new()
local fresh = scratch.home:join("recording")
local result = shipped.record(scratch, fresh)
io.stdout:write(result.stdout)
io.stderr:write(result.stderr)
if result.exit ~= 0 then
  return result.exit
end
local changed = shipped.differences(fresh)
if #changed > 0 then
  shipped.replace(fresh)
end
io.stdout:write(("%d files of %s changed\n"):format(#changed, shipped.path))
for _, name in ipairs(changed) do
  io.stdout:write("  " .. name .. "\n")
end
return 0
