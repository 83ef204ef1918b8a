---@meta host.script

--- Runs code that nobody vouches for in a process of its own, which can compute and talk to
--- mighost, and nothing else.  planning.jail is made of it.
---@class host.script
---@field FUNCTION userdata  stands for a function of the script's among the values that come back
local script = {}

---@class host.script.Options
---@field prelude string        Lua source that runs there with the full of what scripts may use; it
---                             gets a table of functions (compile, log, open) and the request
---@field request any           plain data; functions in it can be called from there
---@field serve fun(fn: function, ...: any): boolean, ...  calls one of them, which the script asked
---                             for, with its arguments: true and the results, or false, message
---@field memory number         bytes
---@field seconds number        until it is killed
---@field instructions number   of Lua's virtual machine
---@field marks? boolean         functions among the values are FUNCTION here; else an error there
---@field libraries? table<string, function>  C libraries that the prelude may open, by name

---@alias host.script.Reason
---| "setup"         # it could not be confined: nothing ran
---| "error"         # the script raised it
---| "memory"        # over the limit of that name
---| "instructions"  # likewise; message is the place, "file:line: ", or empty
---| "time"          # likewise
---| "forbidden"     # it made a system call that computing does not need
---| "crashed"       # a signal ended it
---| "garbage"       # it ended without a word, or its words make no sense

--- Either values, or reason, message and traceback.
---@class host.script.Outcome
---@field values? table              what the prelude returned, packed
---@field reason? host.script.Reason
---@field message? string            as the script tells it: any bytes, at most 16 KiB
---@field traceback? string          likewise
---@field signal? integer            that ended it
---@field log string[]               what it logged, at most 64 KiB

--- Runs the prelude in a forked process, which is gone when this returns or raises.
---@param options host.script.Options
---@return host.script.Outcome?
---@return string? message
---@return string? name  EINTERRUPTED when a signal came, or why no process could be started
function script.run(options) end

--- What this system adds to the limits: filters of system calls, and no file to open.
---@return { seccomp: boolean, landlock: boolean }
function script.walls() end

return script
