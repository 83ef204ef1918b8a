--- Runs the examples of a document as its reader would, and compares what they print:
---
---   ```lua .mighost/rules/x.lua      a file, written below the folder that the reader is in
---   ```console                       lines that begin with "$ " are typed, the others the answer
---
--- All of a document's examples run in one shell, in order.  What differs from run to run (times,
--- ids, the reader's home) need not be the same; `…` stands for anything on its line.

local program = require "spec.support.program"
local sh = require "spec.support.sh"
local tables = require "lib.tables"

local MARK <const> = "\1"

local M = {}

---@class spec.Example
---@field kind "file"|"console"
---@field line integer          where its first line is
---@field path string|nil       of a file
---@field text string|nil       likewise
---@field steps {command: string, expected: string, line: integer}[]|nil   of a console

local function parse_console(example, lines, first)
  example.steps = {}
  for offset, line in ipairs(lines) do
    local command = line:match("^%$ (.*)")
    local last = example.steps[#example.steps]
    if command then
      table.insert(example.steps, { command = command, expected = "", line = first + offset })
    elseif last and last.expected == "" and last.command:find("\\$") then
      last.command = last.command .. "\n" .. line
    else
      assert(last, ("line %d: a console that answers before anything was typed"):format(first))
      last.expected = last.expected .. line .. "\n"
    end
  end
end

local function finish(example, lines)
  if example.kind == "console" then
    parse_console(example, lines, example.line)
  else
    example.text = table.concat(lines, "\n") .. "\n"
  end
end

--- The examples of a document, in order.
---@param text string
---@return spec.Example[]
function M.parse(text)
  local examples, open, lines, number = {}, nil, nil, 0
  for line in text:gmatch("([^\n]*)\n") do
    number = number + 1
    local language, path = line:match("^```(%w+) ?(%S*)$")
    if open == nil and language then
      local kind = language == "console" and "console" or path ~= "" and "file"
      open, lines = kind and { kind = kind, path = path, line = number } or false, {}
    elseif line == "```" and open ~= nil then
      if open then
        finish(open, lines)
        table.insert(examples, open)
      end
      open = nil
    elseif open then
      table.insert(lines, line)
    end
  end
  return examples
end

--- What is the same in every run.
local function normalize(text, home)
  return (text:gsub(home:gsub("%p", "%%%0"), "~")
    :gsub("%d%d%d%d%-%d%d%-%d%d[T ][%d:.]+%d[+-]?%d*:?%d*", "<time>")
    :gsub("%d%d%d%d%d%d%d%dT%d%d%d%d%d%d", "<stamp>")
    :gsub("%f[%w]%x%x%x%x%x%x+%f[%W]", "<id>")
    :gsub(" +%d+%.%d s%f[%W]", " <seconds> s"))
end

--- Whether a line is what the document says.
local function is_alike(expected, line)
  local pattern = "^" .. expected:gsub("%p", "%%%0"):gsub("…", ".*") .. "$"
  return line:find(pattern) ~= nil
end

local function split(text)
  local lines = {}
  for line in text:gmatch("([^\n]*)\n") do
    table.insert(lines, line)
  end
  return lines
end

--- Where an answer is not the document's, nil where it is.
local function difference(step, printed, home)
  local expected = split(normalize(step.expected, home))
  local got = split(normalize(printed, home))
  for i = 1, math.max(#expected, #got) do
    if not expected[i] or not got[i] or not is_alike(expected[i], got[i]) then
      return ("line %d: $ %s\n  expected: %s\n  printed:  %s"):format(step.line, step.command,
        expected[i] or "(nothing more)", got[i] or "(nothing more)")
    end
  end
end

--- One shell script for all examples; before each answer stands a mark.
local function script_of(examples)
  local lines = { "set +e; exec 2>&1" }
  for _, example in ipairs(examples) do
    if example.kind == "file" then
      local folder = example.path:match("^(.*)/[^/]*$")
      if folder then
        table.insert(lines, "mkdir -p " .. sh.quote(folder))
      end
      table.insert(lines, ("printf %%s %s >%s"):format(sh.quote(example.text),
        sh.quote(example.path)))
    end
    for _, step in ipairs(example.steps or {}) do
      table.insert(lines, "code=$?; printf '\\001'; (exit $code)")
      table.insert(lines, step.command)
    end
  end
  return table.concat(lines, "\n") .. "\n"
end

--- Runs a document's examples.
---@param text string            the document, or a part of it
---@param at { cwd: string, home: spec.TmpDir, env?: table<string, string|false> }
---@return string[] differences  none, where it says what happens
function M.run(text, at)
  local examples = M.parse(text)
  local script = at.home:write("examples.sh", script_of(examples))
  local env = tables.copy({
    HOME = at.home.path, PATH = program.exe:match("^(.*)/") .. ":" .. os.getenv("PATH"),
    XDG_STATE_HOME = false, XDG_CONFIG_HOME = false, MIGHOST_WITH = false,
    MIGHOST_SANDBOX = false, TZ = "UTC",
    GIT_CONFIG_GLOBAL = "/dev/null", GIT_CONFIG_NOSYSTEM = "1", GIT_PAGER = "cat",
  }, at.env)
  local printed = sh.run({ argv = { "bash", script }, cwd = at.cwd, env = env }).stdout
  local answers = printed:gmatch(MARK .. "([^" .. MARK .. "]*)")
  local found = {}
  for _, example in ipairs(examples) do
    for _, step in ipairs(example.steps or {}) do
      found[#found + 1] = difference(step, answers() or "", at.home.path)
    end
  end
  return found
end

return M
