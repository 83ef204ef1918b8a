local tables = require "lib.tables"
local words = require "planning.jail_words"

local LONG <const> = "/" .. ("folder/"):rep(12) .. "x.lua"
local SHORT <const> = "..." .. LONG:sub(-56)

local function jail(path, ...)
  return { path = path or "/x.lua", paths = { path or "/x.lua", ... },
    limits = { memory = 64, seconds = 2.5, instructions = 1000000 } }
end

local function explain(reason, message, more)
  local outcome = tables.copy({ reason = reason, message = message or "", traceback = "" }, more)
  return words.explain(jail(outcome.path, outcome.module), outcome)
end

describe("planning.jail_words", function()
  it("names the file, the line where it is known, and the setting that makes room", function()
    assert.equal("/x.lua:3: ran more than 1000000 instructions "
      .. "(script_instructions in .mighost/config.json)", explain("instructions", "/x.lua:3: "))
    assert.equal("/x.lua: took more than 2.5 s and was ended "
      .. "(script_seconds in .mighost/config.json)", explain("time"))
    assert.equal("/x.lua: /lib/a.lua:9: took more than 2.5 s and was ended "
      .. "(script_seconds in .mighost/config.json)", explain("time", "/lib/a.lua:9: "))
    assert.equal("/x.lua: used more than 64 MiB of memory (script_memory in .mighost/config.json)",
      explain("memory", "not enough memory"))
    assert.equal("/x.lua: cannot limit a script: no", explain("setup", "cannot limit a script: no"))
    assert.equal("/x.lua: made a system call that no script may make, and was ended",
      explain("forbidden", nil, { signal = 31 }))
    assert.equal("/x.lua: was ended by signal 11", explain("crashed", nil, { signal = 11 }))
    assert.equal("/x.lua: ended with a malformed result", explain("garbage"))
  end)

  it("passes an error on, with the file in front where it is not", function()
    assert.equal("/x.lua:3: no", explain("error", "/x.lua:3: no"))
    assert.equal("/x.lua: no", explain("error", "no"))
    assert.equal("/x.lua: /lib/a.lua:1: no", explain("error", "/lib/a.lua:1: no"))
    assert.equal("/x.lua: ", explain("error", ""))
  end)

  it("shows whole paths where Lua had shown their ends", function()
    assert.equal(LONG .. ":3: no", explain("error", SHORT .. ":3: no", { path = LONG }))
    assert.equal("/x.lua: " .. LONG .. ":3: " .. LONG .. ":4: no",
      explain("error", SHORT .. ":3: " .. SHORT .. ":4: no", { module = LONG }))
    assert.equal(LONG .. ":3: took more than 2.5 s and was ended "
      .. "(script_seconds in .mighost/config.json)",
      explain("time", SHORT .. ":3: ", { path = LONG }))
  end)

  it("blames an error in mighost's own code there on the line that called it", function()
    local traceback = "stack traceback:\n\t[C]: in function 'tostring'\n"
      .. "\tmighost:9: in global 'print'\n\t/x.lua:7: in function </x.lua:5>"
    assert.equal("/x.lua:7: no", explain("error", "mighost:9: no", { traceback = traceback }))
    assert.equal("/x.lua: no", explain("error", "mighost:9: no"))
  end)

  it("stays one harmless line of a bounded length, whatever it is told", function()
    local message = explain("error", ("\27[2J\n\0\255"):rep(5000))
    assert.is_true(utf8.len(message) ~= nil and not message:find("%c"))
    assert.is_true(#message < 20000, #message)
    assert.matches("^/x%.lua: aaa.* … .*zzz$",
      explain("error", ("a"):rep(3000) .. ("z"):rep(3000)))
  end)

  it("leaves the frames of the script in a traceback", function()
    assert.equal("stack traceback:\n  [C]: in function 'error'\n  /x.lua:7: in local 'f'\n"
      .. "  \\u{1B}x", words.traceback(jail(), { traceback = "stack traceback:\n"
      .. "\t[C]: in hook '?'\n"
      .. "\t[C]: in function 'error'\n\t/x.lua:7: in local 'f'\n\t\27x\n\t(...tail calls...)\n"
      .. "\tmighost:150: in main chunk\n\t[C]: in ?" }))
    assert.equal("", words.traceback(jail(), { traceback = "" }))
  end)
end)
