--- host.proc: secrets are replaced in whatever a program prints, before anybody sees it.

local child = require "spec.support.child"
local leftovers = require "spec.support.leftovers"
local processes = require "spec.support.processes"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local run <const>, shell <const> = child.run, child.shell

--- What should come out: at each place the longest value that stands there is replaced.
local function redact(text, secrets)
  local out, at = {}, 1
  while at <= #text do
    local best, best_name
    for name, value in pairs(secrets) do
      if #value >= 8 and text:sub(at, at + #value - 1) == value
        and (not best or #value > #best or #value == #best and name < best_name) then
        best, best_name = value, name
      end
    end
    table.insert(out, best and "<redacted:" .. best_name .. ">" or text:sub(at, at))
    at = at + (best and #best or 1)
  end
  return table.concat(out)
end

describe("host.proc's secrets", function()
  leftovers.check_each(before_each, after_each)

  it("never reach the log or the report", function()
    local dir <close> = tmp.dir()
    local report = shell("echo key=$API_KEY; echo $API_KEY$API_KEY >&2; echo $SHORT", {
      env = { API_KEY = "sk-0123456789", SHORT = "1234567" },
      secrets = { API_KEY = "sk-0123456789", SHORT = "1234567", EMPTY = "" },
      stdout = dir:join("out"), stderr = dir:join("err"),
    })
    assert.equal("key=<redacted:API_KEY>\n1234567\n", report.stdout.head)
    assert.equal("<redacted:API_KEY><redacted:API_KEY>\n", report.stderr.head)
    assert.equal(report.stdout.head, dir:read("out"))
    assert.equal(report.stderr.head, dir:read("err"))
    assert.equal(#report.stdout.head, report.stdout.bytes)
  end)

  it("are found when they are printed in two pieces", function()
    local dir <close> = tmp.dir()
    processes.fifo(dir, "go")
    local seen
    local report = run {
      argv = { "sh", "-c", [[printf 'a sk-0123'; read word < "$0"; printf '456789 b']],
        dir:join("go") },
      secrets = { KEY = "sk-0123456789" }, stdout = dir:join("out"),
      on_progress = function(now)
        if not seen and now.bytes > 0 then
          seen = dir:read("out")
          assert(io.open(dir:join("go"), "w")):close()
        end
      end,
    }
    assert.equal("a ", seen)
    assert.equal("a <redacted:KEY> b", report.stdout.head)
  end)

  it("do not show when the end cuts them", function()
    local secrets = { KEY = "sk-0123456789" }
    assert.equal("a <redacted:KEY>",
      shell("printf 'a sk-01234'", { secrets = secrets }).stdout.head)
    assert.equal("a sk-0123", shell("printf 'a sk-0123'", { secrets = secrets }).stdout.head)
  end)

  it("prefer the longest, and the first name of equal ones", function()
    local report = shell("printf 'abcdefgh abcdefghij abcdefghi.'", {
      secrets = { B = "abcdefgh", A = "abcdefgh", LONG = "abcdefghij" },
    })
    assert.equal("<redacted:A> <redacted:LONG> <redacted:A>i.", report.stdout.head)
  end)

  it("are found in any text however it is cut", function()
    local dir <close> = tmp.dir()
    math.randomseed(20260521)
    local letters = { "a", "b", "ab", "aab", "\n", "\0", "\255" }
    local function generate(size)
      local pieces = {}
      for i = 1, size do
        pieces[i] = letters[math.random(#letters)]
      end
      return table.concat(pieces)
    end
    for round = 1, 12 do
      local secrets, words = {}, {}
      for i = 1, math.random(5) do
        local value = generate(math.random(8, 40)):gsub("\0", "z")
        secrets["N" .. i], words[i] = value, value
      end
      local text = {}
      for i = 1, 300 do
        text[i] = math.random(3) == 1 and words[math.random(#words)] or generate(math.random(30))
      end
      text = table.concat(text) .. "|" -- no value ends so: the end itself is a test of its own
      local sizes = {}
      for i = 1, 60 do
        sizes[i] = math.random(1, 2 * #text // 60)
      end
      local path = dir:write("text", text)
      -- dd writes the pieces one by one, so that reads end anywhere.
      local script = { "exec 3<" .. sh.quote(path) }
      for _, size in ipairs(sizes) do
        table.insert(script, ("dd bs=%d count=1 status=none <&3"):format(size))
      end
      table.insert(script, "cat <&3")
      local report = shell(table.concat(script, "\n"), { secrets = secrets })
      local expected = redact(text, secrets)
      assert.is_true(report.stdout.head == expected, "round " .. round)
    end
  end)

  it("are found across the borders of large reads", function()
    local value = "sk-ant-api03-0123456789abcdefghijklmnopqrstuvwxyz"
    local pieces = {}
    for i = 1, 3000 do
      pieces[i] = ("."):rep(i * 7919 % 1000) .. value
    end
    local text = table.concat(pieces)
    local out = run({ argv = { "cat" }, stdin = text, secrets = { K = value } }).stdout
    assert.is_true(out.whole)
    assert.is_true(out.head == text:gsub(value:gsub("%-", "%%-"), "<redacted:K>"))
  end)
end)
