--- Fuzzes the small readers and writers: shell words, globs, times, rows, printable text, paths.

local root = assert(require("host.sys").realpath(debug.getinfo(1, "S").source:sub(2)))
  :match("^(.*)/spec/fuzz/")
package.path = package.path .. ";" .. root .. "/?.lua"

local diff = require "lib.diff"
local fuzzer = require "spec.fuzz.fuzzer"
local generate = require "spec.support.generate"
local mutate = require "spec.fuzz.mutate"
local paths = require "lib.paths"
local sh = require "spec.support.sh"
local text = require "lib.text"
local time = require "lib.time"
local tsv = require "lib.tsv"

local TIMES <const> = {
  "2026-05-21T14:10:09.546-07:00", "2026-05-21", "20260521T141009Z", "2026-W21-4T14:10,5",
  "2026-141T24:00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:60Z", "",
}
local SEGMENTS <const> = { "*", "**", "?", "a", "ab", "*.md", "a*b*", "???", "[a]", "%a", "é", "" }
local NAMES <const> = { "a", "b", "ab", "aab", "x.md", "é", "[a]", "%a", ".", "" }

local function check_shell(random)
  local line = random(2) == 1 and mutate.soup(random, 12)
    or mutate.text(random, "a 'b c' \"d\" \\e")
  local words, why = text.shell_split(line)
  assert(words or type(why) == "string" and not why:find("%c"), "no message")
  local made = {}
  local quoted = {}
  for index = 1, random(4) do
    made[index] = mutate.soup(random, 4)
    quoted[index] = sh.quote(made[index])
  end
  local again = assert(text.shell_split(table.concat(quoted, " ")))
  assert(#again == #made, "another number of words")
  for index, word in ipairs(made) do
    assert(again[index] == word, "another word")
  end
end

--- The same rule once more, segment by segment and character by character.
local function matches(pattern, p, value, v)
  while p <= #pattern do
    if pattern[p] == "*" then
      for from = v, #value + 1 do
        if matches(pattern, p + 1, value, from) then
          return true
        end
      end
      return false
    elseif v > #value or pattern[p] ~= "?" and pattern[p] ~= value[v] then
      return false
    end
    p, v = p + 1, v + 1
  end
  return v > #value
end

local function characters(value)
  local list = {}
  for char in value:gmatch(utf8.charpattern) do
    list[#list + 1] = char
  end
  return list
end

local function join(random, list, most)
  local parts = {}
  for index = 1, random(most) do
    parts[index] = generate.pick(random, list)
  end
  return table.concat(parts, "/"), parts
end

local function check_glob(random)
  local name, pattern = generate.pick(random, NAMES), generate.pick(random, SEGMENTS)
  if pattern ~= "**" then
    assert(text.glob(pattern)(name) == matches(characters(pattern), 1, characters(name), 1),
      "glob decides otherwise")
  end
  local path, parts = join(random, NAMES, 5)
  assert(text.glob("**")(path) and text.glob("**/" .. parts[#parts]:gsub("[*?]", "?"))(path))
  text.glob((join(random, SEGMENTS, 8)))(path)
  text.glob(mutate.soup(random, 20))(mutate.soup(random, 200))
  text.glob(("*a"):rep(random(30)) .. "*b")(("a"):rep(random(4000)))
  text.glob(("**/"):rep(random(30)) .. "b")(("a/"):rep(random(200)))
end

local function check_time(random)
  local iso = mutate.text(random, generate.pick(random, TIMES))
  local epoch, why = time.parse(iso)
  assert(math.type(epoch) and epoch == epoch or type(why) == "string" and #why < 400,
    "neither a time nor a message")
  local seconds = (random(1 << 33) - (1 << 32)) + (random(1000) - 1) / 1000
  local offset = (random(24 * 60) - 12 * 60) * 60
  local read = assert(time.parse(time.format(seconds, offset)))
  assert(math.abs(read - seconds) < 0.0011, "another time")
end

local function check_text(random)
  local value = mutate.text(random, mutate.soup(random, 20))
  local shown = text.printable(value)
  assert(utf8.len(shown) and not shown:find("%c"), "not harmless")
  assert(text.printable(shown) == shown, "not harmless the first time")
  assert(utf8.len(text.to_utf8(value)), "not UTF-8")
  for _, line in ipairs(text.lines(value)) do
    assert(not line:find("[\r\n]"), "a line of several")
  end
  assert(text.slug(value, 40):find("^[a-z0-9][a-z0-9-]*$") and #text.slug(value, 40) <= 40)
  local row = tsv.row { value, "x", mutate.soup(random, 6) }
  assert(not row:find("[\r\n]") and select(2, row:gsub("\t", "")) == 2, "not one row of three")
  assert(diff.lines(value, value) == "", "a difference to itself")
  diff.lines(value:sub(1, 4000), mutate.text(random, value:sub(1, 4000)):sub(1, 4000))
end

local function check_paths(random)
  local path = mutate.soup(random, 8)
  local segments = paths.split(path)
  assert(not paths.is_inside(path) or segments and #segments > 0)
  local rest = paths.beneath(path, "migrations/m")
  assert(not rest or paths.is_inside(rest), "beneath leads out")
  assert(paths.tidy(paths.tidy(path)) == paths.tidy(path), "not tidy")
end

return fuzzer.run("text", { ... }, function()
  return function(random)
    check_shell(random)
    check_glob(random)
    check_time(random)
    check_text(random)
    check_paths(random)
  end
end)
