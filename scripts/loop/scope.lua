--- How far the work on one file should reach: candidates from what belongs together, one of which
--- an agent picks.
---
--- Three signs, which add up, say what belongs to the seed: a file that tests it or that it
--- tests (50 points), a mention of one in the other (30), commits that changed both (5 each, at
--- most 25). The local cluster takes from the seed's own folder and its test; the cross cluster
--- from everywhere.

local contract = require "lib.contract"
local prose = require "lib.prose"
local text = require "lib.text"

local PAIRED <const>, MENTIONED <const> = 50, 30
local TOGETHER <const>, MOST_TOGETHER <const> = 5, 25
local MOST_FILES <const> = 8 -- of a candidate, with the seed
local KEY <const> = "selected-candidate"
local KINDS <const> = { "seed", "local-cluster", "cross-cluster" }
local SHORTEST_STEM <const> = 3 -- a shorter name would be found in every text
local TEST_FOLDERS <const> = {
  test = true, tests = true, spec = true, specs = true, __tests__ = true,
}
local TEST_ENDINGS <const> = { "[_.-]tests?$", "[_.-]specs?$", "Tests?$", "Spec$" }
local TEST_BEGINNINGS <const> = { "^tests?[_-]", "^spec[_-]" }

local WORK <const> = [[
A small piece of work on an existing code base begins at one file. Decide how many files it should
take in. You change nothing: read, then choose.

Choose the smallest candidate in which the work can be done well and as a whole. More files are
right where a change in one has to be carried through the others, or where the same weakness stands
in several of them; not because they are near.]]

local CONTRACT <const> = [[
## Output contract

End with one line of its own: `selected-candidate: <kind>`, with one of the kinds above, alone or
followed by a dash and the reason in one sentence.]]

---@class mighost.ScopeFile
---@field path string
---@field score integer
---@field signs string[] what it belongs to the seed by

---@class mighost.ScopeCandidate
---@field kind "seed"|"local-cluster"|"cross-cluster"
---@field files string[] the seed first
---@field members mighost.ScopeFile[] without the seed

---@class mighost.ScopeInput
---@field seed string path of a file
---@field tracked string[]
---@field read fun(path: string): string|nil  a text, nil for what is none or too long to look at
---@field together table<string, integer> how many of the seed's last commits changed a file too

local function folder_of(path)
  return path:match("^(.*)/") or ""
end

---The name without its ending: "parser" of "src/parser.tab.c".
local function stem_of(path)
  local name = path:match("[^/]*$")
  return name:match("^(.+)%.[^.]*$") or name
end

---What a test is named after, and whether it is one.
local function base_of(path)
  local stem = stem_of(path)
  for _, patterns in ipairs { TEST_ENDINGS, TEST_BEGINNINGS } do
    for _, pattern in ipairs(patterns) do
      local base = stem:gsub(pattern, "")
      if base ~= stem and base ~= "" then
        return base, true
      end
    end
  end
  for segment in folder_of(path):gmatch("[^/]+") do
    if TEST_FOLDERS[segment] then
      return stem, true
    end
  end
  return stem, false
end

local function are_paired(a, b)
  local base_a, is_test_a = base_of(a)
  local base_b, is_test_b = base_of(b)
  return base_a == base_b and is_test_a ~= is_test_b
end

---How other files name this one: its file name, or its stem where a module is named.
local function names_of(path)
  local name, stem = path:match("[^/]*$"), stem_of(path)
  local function escape(words)
    return (words:gsub("%p", "%%%0"))
  end
  local patterns = { "%f[%w_]" .. escape(name) .. "%f[^%w_]" }
  if #stem >= SHORTEST_STEM then
    local word = escape(stem)
    patterns[2] = "[\"'./]" .. word .. "[\"')>;%s]"
    patterns[3] = "%f[%a]import%s+" .. word .. "%f[^%w_]"
    patterns[4] = "%f[%a]from%s+" .. word .. "%f[^%w_]"
    patterns[5] = "%f[%a]use%s+" .. word .. "%f[^%w_]"
  end
  return { stem = stem, patterns = patterns }
end

local function mentions(words, names)
  if not words or not words:find(names.stem, 1, true) then -- most do not: patterns cost more
    return false
  end
  for _, pattern in ipairs(names.patterns) do
    if words:find(pattern) then
      return true
    end
  end
  return false
end

local function score_file(input, path, seed_text, seed_names)
  local file = { path = path, score = 0, signs = {} }
  local function add(points, sign)
    file.score = file.score + points
    file.signs[#file.signs + 1] = sign
  end
  if are_paired(input.seed, path) then
    add(PAIRED, "one tests the other")
  end
  if mentions(seed_text, names_of(path)) or mentions(input.read(path), seed_names) then
    add(MENTIONED, "one names the other")
  end
  local together = input.together[path] or 0
  if together > 0 then
    add(math.min(MOST_TOGETHER, TOGETHER * together),
      ("changed together in %s"):format(prose.count(together, "commit")))
  end
  return file
end

---Everything with a sign, the strongest first.
local function score_all(input)
  local seed_text, names = input.read(input.seed), names_of(input.seed)
  local scored = {}
  for _, path in ipairs(input.tracked) do
    local file = path ~= input.seed and score_file(input, path, seed_text, names)
    scored[#scored + 1] = file and file.score > 0 and file or nil
  end
  table.sort(scored, function(a, b)
    if a.score ~= b.score then
      return a.score > b.score
    end
    return a.path < b.path
  end)
  return scored
end

local function gather(kind, seed, scored, belongs)
  local candidate = { kind = kind, files = { seed }, members = {} }
  for _, file in ipairs(scored) do
    if #candidate.files < MOST_FILES and belongs(file) then
      candidate.files[#candidate.files + 1] = file.path
      candidate.members[#candidate.members + 1] = file
    end
  end
  return candidate
end

local function same_files(a, b)
  return table.concat(a.files, "\0") == table.concat(b.files, "\0")
end

local M = { KINDS = KINDS }

---The candidates; only the seed where nothing belongs to it.
---@param input mighost.ScopeInput
---@return mighost.ScopeCandidate[]
function M.candidates(input)
  local scored = score_all(input)
  local home = folder_of(input.seed)
  local near = gather("local-cluster", input.seed, scored, function(file)
    return folder_of(file.path) == home or are_paired(input.seed, file.path)
  end)
  local far = gather("cross-cluster", input.seed, scored, function()
    return true
  end)
  local found = { gather("seed", input.seed, {}, error) }
  if #near.files > 1 then
    found[#found + 1] = near
  end
  if #far.files > 1 and not same_files(near, far) then
    found[#found + 1] = far
  end
  return found
end

---What the agent is asked.
---@param target mighost.Target
---@param candidates mighost.ScopeCandidate[]
---@return string
function M.prompt(target, candidates)
  local parts = { WORK, "Target: " .. text.printable(target.description) }
  if target.scoping then
    parts[#parts + 1] = "What a person said of the scope:\n\n" .. prose.verbatim(target.scoping)
  end
  for _, candidate in ipairs(candidates) do
    local items = { ("`%s` (where the work begins)"):format(candidate.files[1]) }
    for _, member in ipairs(candidate.members) do
      items[#items + 1] = ("`%s` (%s)"):format(member.path, table.concat(member.signs, "; "))
    end
    parts[#parts + 1] = ("## Candidate %s\n\n%s"):format(candidate.kind, prose.list(items))
  end
  parts[#parts + 1] = CONTRACT
  return prose.paragraphs(parts) .. "\n"
end

---Which candidate an answer picks.
---@param answer string
---@param candidates mighost.ScopeCandidate[]
---@return mighost.ScopeCandidate|nil
---@return string reason given, or why none is picked
function M.parse(answer, candidates)
  local value = contract.last(answer, KEY)
  if not value then
    return nil, ("there is no line \"%s: <kind>\""):format(KEY)
  end
  local kinds, by_kind = {}, {}
  for index, candidate in ipairs(candidates) do
    kinds[index], by_kind[candidate.kind] = candidate.kind, candidate
  end
  local kind, reason = contract.decision(value, kinds)
  if not kind then
    return nil, ("%s says %s, not one of: %s"):format(KEY, contract.excerpt(value),
      table.concat(kinds, ", "))
  end
  return by_kind[kind], reason or "no reason is given"
end

return M
