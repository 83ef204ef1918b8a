--- Shows the versions of mighost and its libraries, and what this system offers.

local cli = require "cli"
local mighost = require "mighost"

local MISSING <const> = "not found"
local UNTRIED <const> = "not tried"
local SANDBOX <const> = {
  full = "full", partial = "partial: agents can still truncate files", none = "none",
}
local MOUNTS <const> = ", read-only mounts"

local parser = cli.parser {
  name = "version",
  summary = "Shows the versions of mighost and its libraries, and what this system offers.",
  example = { "mighost version", "mighost version --json" },
  json = true,
}
local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
end

-- The git directory is on the file system that matters, and people do not work in it.
local project = mighost.open(opts)
local system = mighost.version(project and project.common)
if opts.json then
  local optional = { "libgit2", "git", "exchange", "reflink" }
  return cli.answer(opts, 0, require("lib.json").fill(system, optional))
end

local function say(value, yes, no)
  if value == nil then
    return UNTRIED
  end
  return value and yes or no
end

local lines = {
  "mighost   " .. system.mighost,
  "interface " .. system.interface,
  "Lua       " .. system.lua,
  "libgit2   " .. (system.libgit2 or MISSING),
  "git       " .. (system.git or MISSING),
  "Landlock  " .. (system.landlock_abi > 0 and "ABI " .. system.landlock_abi or "none"),
  "seccomp   " .. say(system.seccomp, "yes", "none"),
  "sandbox   " .. SANDBOX[system.sandbox] .. say(system.read_only_mounts, MOUNTS, ""),
  "exchange  " .. say(system.exchange, "yes", "no"),
  "reflink   " .. say(system.reflink, "yes", "no"),
}
cli.write(table.concat(lines, "\n") .. "\n")
return 0
