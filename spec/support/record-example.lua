--- Records the plan of the example of a pipeline again with the prompts of today.
--- usage: mighost spec/support/record-example.lua

local lfs = require "lfs"

local path = debug.getinfo(1, "S").source:sub(2)
if not path:find("^/") then
  path = lfs.currentdir() .. "/" .. path
end
package.path = package.path .. ";" .. path:match("^(.*)/spec/support/[^/]*$") .. "/?.lua"

local program = require "spec.support.program"
local project = require "spec.support.project"
local sh = require "spec.support.sh"

local TARGET <const> = program.root .. "/scripts/examples/pipeline/recordings/secure"
local AGENT <const> = program.root .. "/spec/support/agents/secure.sh"

local p <close> = project.new()
local function must(result)
  assert(result.exit == 0, result.stderr)
  return result
end
must(p:run { "init", "--example", "pipeline", "--commit" })
must(p:run { "trust", "--yes" })
local result = must(p:plan({ "secure-plan", "--target", "Add sessions", "--pipeline", "secure",
  "--to-end", "--record", p.home:join("recording") }, { agent = AGENT }))
sh.check { argv = { "rm", "-rf", TARGET } }
sh.check { argv = { "mkdir", "-p", (TARGET:match("^(.*)/")) } }
sh.check { argv = { "cp", "-r", p.home:join("recording"), TARGET } }
io.stdout:write(result.stdout)
return 0
