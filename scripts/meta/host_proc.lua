---@meta host.proc

--- Runs programs.  A failure to start is `nil, message, NAME`; wrong arguments raise.
---@class host.proc
local proc = {}

---@class host.proc.Options
---@field argv string[]                     never a shell; without "/" found by the PATH it gets
---@field cwd? string                       default: mighost's own
---@field env? table<string, string>        the whole environment; default: mighost's own
---@field stdin? string                     default: /dev/null
---@field stdout? string                    log file, mode 0600, emptied if there; default: none
---@field stderr? string                    likewise; another file
---@field keep? integer                     bytes of each stream returned; default 8 MiB
---@field cap? integer                      bytes of each stream logged, more ends it; default 1 GiB
---@field timeout? number                   seconds for the whole call
---@field silence? number                   seconds without output
---@field grace? number                     seconds between SIGTERM and SIGKILL; default 5
---@field secrets? table<string, string>    NAME = value, which becomes <redacted:NAME>
---@field on_progress? fun(now: host.proc.Progress)  about four times a second
---@field held? host.lock.Lock            the guardian keeps it, also when mighost is killed: it is
---                                       held until no descendant is left
---@field finishing? boolean              to put things back: runs although mighost got a signal
---@field sandbox? host.proc.Sandbox        what it may change; needs cwd; default: anything
---@field tty? boolean                      attached to mighost's terminal: nothing is captured

---@class host.proc.Sandbox
---@field mode "auto"|"require"|"off"  "require": EUNSUPPORTED where Landlock is not fully there;
---                          "off": free, but in a control group where the system lets us make one
---@field writes? string[]   absolute paths of folders and files, all there: it writes nowhere else
---@field protect? string[]  likewise: mounted read-only for it where the system lets us

---@class host.proc.Progress
---@field elapsed number     seconds
---@field bytes integer      of both streams
---@field last_line string   raw bytes, 512 at most, of the stream that printed last

---@class host.proc.Report
---@field exit? integer        exit code; absent when a signal ended the program
---@field signal? integer      the signal that did
---@field ended_by? "timeout"|"silence"|"output"|"interrupt"  why mighost ended it, if it did
---@field stragglers integer   its descendants that were still alive when it ended or was ended
---@field survivors integer    those that SIGKILL could not end: another user's; 0 as a rule
---@field wall number          seconds, until the last descendant was gone
---@field cpu number           seconds of the program and all its descendants
---@field peak_kib integer     resident memory of the largest of them
---@field sandbox? string      what was in force, for people; absent without the option
---@field stdout? host.proc.Output   absent with tty
---@field stderr? host.proc.Output

---@class host.proc.Output
---@field bytes integer   in the log, after redaction
---@field head string     all of it when `whole`, else the first half of `keep`
---@field tail string     "" when `whole`, else the last half of `keep`
---@field whole boolean

--- Runs a program to its end; when it returns, or raises, no descendant of the program is left.
---@param options host.proc.Options
---@return host.proc.Report?
---@return string? message
---@return string? name  ENOENT, EACCES, E2BIG, …; EINTERRUPTED: mighost got a signal before;
---                       EAGENT: someone killed its guardian
function proc.run(options) end

return proc
