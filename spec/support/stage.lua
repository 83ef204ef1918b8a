--- Loads a shipped stage the way the engine does, and makes up the migration that it sees.

local fs = require "host.fs"
local loader = require "planning.loader"
local sys = require "host.sys"

local tables = require "lib.tables"

local M = {}

---The table of a file in stages/.
---@param name string
---@return table
function M.load(name)
  local dir <close> = assert(fs.open_dir(sys.share() .. "/stages"))
  local file = name .. ".lua"
  return assert(loader.load { path = file, text = assert(dir:read(file, { links = "follow" })) })
end

local function approaches_of(paths, texts)
  local found = {}
  for _, path in ipairs(paths) do
    local name = path:match("^approaches/([^/]+)%.md$")
    if name then
      found[#found + 1] = { name = name, text = texts[path] }
    end
  end
  return found
end

---A context over a workspace that holds `texts` (text by path), with `fields` on top.
---@param texts? table<string, string>
---@param fields? table
---@return table ctx
function M.context(texts, fields)
  texts = texts or {}
  local paths = tables.sorted_keys(texts)
  return tables.copy({
    slug = "tidy-locks", target = "Tidy the locks", step = "review", visit = 1,
    effort = { label = "medium", budget = "medium" },
    repo_root = "/repo", work_dir = "/staged/tidy-locks", live_dir = "/repo/live/tidy-locks",
    plan = texts["plan.md"], approaches = approaches_of(paths, texts), phases = {},
    answers = {}, feedback = {}, extra = {},
    files = function()
      return paths
    end,
    read = function(path)
      if not texts[path] then
        return nil, "no such file"
      end
      return texts[path]
    end,
  }, fields)
end

---What the judge of a stage says to an answer.
---@return string? outcome
---@return string? reason
function M.judge(stage, text, ctx, files)
  return stage.judge({ text = text, files = files or {} }, ctx or M.context())
end

M.PHASE = "# One\n\n## Precondition\n\nlock.c exists.\n\n## Definition of Done\n\nIt is tidy.\n"

---A workspace with a good plan.
---@return table<string, string>
function M.plan()
  return {
    ["approaches/big.md"] = "# Big\n",
    ["approaches/small.md"] = "# Small\n",
    ["plan.md"] = "# Plan\n",
    ["phase-1-one.md"] = M.PHASE,
    ["phase-2-two.md"] = M.PHASE,
  }
end

local ODD <const> = {
  "", " ", "\n\n\r\n", "\0", "\0\0\n", "\u{FEFF}", "\u{200B}\n", "\27[0m", "\255\254", "```\n```",
  "%", "[", "review:", "review: \0", "final-decision:", "chosen-approach: ``", "> ", "1.",
  ("a"):rep(1e6),
  ("\n"):rep(5e5), (" "):rep(5e5) .. "x", ("*"):rep(5e5) .. ":", "review:" .. (" "):rep(5e5) .. "x",
  ("1. x\n"):rep(2e5), ("`"):rep(3e5), ("final-decision: reject\r"):rep(1e5),
}

local PIECES <const> = {
  "review", "final-decision", "chosen-approach", ":", " clear", " findings", " approve-auto",
  " reject",
  " small", " — ", " - ", "\n", "\r\n", "\r", "**", "`", "> ", "- ", "1. ", "no findings", "\0",
  "\27[1m",
  "\255", "\u{FEFF}", "é", "%d", " ",
}

---Calls `visit` with damaged and made-up answers: fixed odd ones, then `count` generated ones.
---@param count integer
---@param visit fun(text: string)
function M.each_damaged(count, visit)
  for _, text in ipairs(ODD) do
    visit(text)
  end
  for seed = 1, count do
    math.randomseed(seed)
    local parts = {}
    for index = 1, math.random(1, 30) do
      parts[index] = PIECES[math.random(#PIECES)]
    end
    visit(table.concat(parts))
  end
end

---Asserts that a stage answers anything with a declared outcome, or with nil and a reason.
---@param stage table
---@param make_context fun(): table
function M.assert_total(stage, make_context)
  local declared = tables.to_set(stage.outcomes)
  M.each_damaged(400, function(text)
    local outcome, reason = M.judge(stage, text, make_context())
    local shown = ("%q"):format(text:sub(1, 200))
    if outcome == nil then
      assert(type(reason) == "string" and reason ~= "", "refused without a reason: " .. shown)
    else
      assert(declared[outcome], "undeclared outcome for " .. shown)
    end
    if reason then
      assert(utf8.len(reason) and not reason:find("%c"), "unclean reason for " .. shown)
      assert(#reason < 3000, "endless reason for " .. shown)
    end
  end)
end

---Asserts that every example of a stage is judged as it says; one without an outcome is refused.
---@param stage table
---@param ctx table
function M.assert_examples(stage, ctx)
  for index, example in ipairs(stage.examples) do
    local outcome = M.judge(stage, example.text, ctx)
    assert(outcome == example.outcome,
      ("example %d: %s instead of %s"):format(index, tostring(outcome), tostring(example.outcome)))
  end
end

return M
