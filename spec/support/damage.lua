--- Every way in which one field of a valid migration can be made wrong, and in which its files can
--- be no files: each must be found, whatever the migration.
---   for _, damage in ipairs(damages.of(made)) do local text = damage.make() ... end

local sh = require "spec.support.sh"
local strict = require "lib.strict"
local tables = require "lib.tables"

-- One value of each kind, to be put where another kind belongs.
local SAMPLES <const> = {
  null = strict.null, boolean = true, integer = 7, number = assert(strict.decode("1.0")),
  string = "odd", array = strict.array(), object = strict.object(),
}
local KINDS <const> = { "null", "boolean", "integer", "number", "string", "array", "object" }

-- The kinds that a field may have; those with a "-" in front may be left out.
local MANIFEST <const> = {
  name = "string", status = "string", created_at = "string", last_touch = "string",
  wake_up_on = "-string null", cooldown_until = "-string null",
  awaiting_human_review = "-boolean", human_review_reason = "-string null",
  current_phase = "string integer", phases = "-array null",
}
local PHASE <const> = {
  name = "string", file = "string", done = "boolean", required_effort = "-string null",
  effort_reason = "-string null",
}
local STATE <const> = {
  schema_version = "integer", target = "string", next_step = "string", completed_steps = "array",
  started_at = "string", updated_at = "string", feedback = "array", review_findings = "string null",
  final_decision = "string null", final_reason = "string null",
  revision_base_step_counts = "-array", revision_base_step_count = "-integer null",
  pipeline = "-object",
}
local STEP <const> = {
  name = "string", completed_at = "string", outcome = "string", outputs = "object",
  agent = "-string null", model = "-string null", effort = "-string null",
}
local FEEDBACK <const> = { received_at = "string", source = "string", text = "string" }
local PIPELINE <const> = {
  file = "string", name = "string", start = "string", edges = "object", terminals = "object",
  refine = "-object null", max_visits = "-object null",
}

local function copy(value)
  return assert(strict.decode(assert(strict.encode(value))))
end

--- Collects damages of one document.
local function collector(list, file, whole)
  return function(name, change)
    list[#list + 1] = { name = file .. ": " .. name, file = file, make = function()
      local damaged = copy(whole)
      return change(damaged) ~= false and assert(strict.encode(damaged)) or nil
    end }
  end
end

--- Another kind in each field, and each field that must be there left out.
local function damage_kinds(add, where, fields, find)
  for _, key in ipairs(tables.sorted_keys(fields)) do
    for _, kind in ipairs(KINDS) do
      if not fields[key]:find(kind, 1, true) then
        add(("%s.%s is a %s"):format(where, key, kind), function(whole)
          find(whole)[key] = SAMPLES[kind]
        end)
      end
    end
    if fields[key]:sub(1, 1) ~= "-" then
      add(("%s.%s is missing"):format(where, key), function(whole)
        find(whole)[key] = nil
      end)
    end
  end
end

local function add_unknown(add, where, find)
  add(where .. " has an unknown key", function(whole)
    find(whole).surprise = "x"
  end)
end

--- Sets one field to each of these values, those that it has already left out.
local function add_values(add, where, key, values, find)
  for _, value in ipairs(values) do
    add(("%s.%s is %s"):format(where, key, tostring(value)), function(whole)
      local object = find(whole)
      if object[key] == value then
        return false
      end
      object[key] = value
    end)
  end
end

local function itself(whole)
  return whole
end

local function item_of(list, index)
  return function(whole)
    return whole[list][index]
  end
end

local function damage_manifest(list, made)
  local add = collector(list, "manifest.json", made.manifest)
  damage_kinds(add, "manifest", MANIFEST, itself)
  add_values(add, "manifest", "name", { "", "other", "Slug" }, itself)
  add_values(add, "manifest", "status", { "", "nonsense", "Planning" }, itself)
  add_values(add, "manifest", "current_phase", { "nosuch" }, itself)
  for _, key in ipairs { "created_at", "last_touch", "wake_up_on", "cooldown_until" } do
    add_values(add, "manifest", key, { "yesterday", "2026-13-01", "2026-03-01T25:00:00Z" }, itself)
  end
  for index, phase in ipairs(made.manifest.phases) do
    local where, find = ("phases[%d]"):format(index), item_of("phases", index)
    damage_kinds(add, where, PHASE, find)
    add(where .. " has no precondition", function(whole)
      find(whole).precondition, find(whole).ready_when = nil, nil
    end)
    add_values(add, where, "file", { "", ".", "/etc/passwd", "../x.md", "nosuch.md", ".planning",
      phase.file .. "/x" }, find)
    add_values(add, where, "required_effort", { "", "utmost", "High" }, find)
    add(where .. " is there twice", function(whole)
      whole.phases[#whole.phases + 1] = copy(find(whole))
    end)
    for _, kind in ipairs { "null", "boolean", "string", "integer", "array" } do
      add(("%s is a %s"):format(where, kind), function(whole)
        whole.phases[index] = SAMPLES[kind]
      end)
    end
  end
end

local function damage_steps(add, made)
  local foreign = { "", "nowhere", "/etc/passwd", made.published, made.published .. "/.planning",
    made.published .. "/../x", "other/slug/.planning/stages/x", made.published .. "/nosuch.md" }
  for index, step in ipairs(made.state.completed_steps) do
    local where, find = ("completed_steps[%d]"):format(index), item_of("completed_steps", index)
    damage_kinds(add, where, STEP, find)
    add_unknown(add, where, find)
    add_values(add, where, "name", { "", "nonsense", "terminal-ready" }, find)
    add_values(add, where, "outcome", { "", "nonsense", step.outcome .. " " }, find)
    add_values(add, where .. ".outputs", "stdout", foreign, function(whole)
      return find(whole).outputs
    end)
    add_unknown(add, where .. ".outputs", function(whole)
      return find(whole).outputs
    end)
    for _, kind in ipairs(KINDS) do
      if kind ~= "object" then
        add(("%s is a %s"):format(where, kind), function(whole)
          whole.completed_steps[index] = SAMPLES[kind]
        end)
      end
    end
  end
  add("the last step is gone", function(whole)
    return #whole.completed_steps > 0 and table.remove(whole.completed_steps) and nil
  end)
  add("the last step is there twice", function(whole)
    local steps = whole.completed_steps
    steps[#steps + 1] = steps[1] and copy(steps[#steps])
    return steps[1] ~= nil and nil
  end)
  add("the first two steps changed places", function(whole)
    local steps = whole.completed_steps
    if #steps < 2 then
      return false
    end
    steps[1], steps[2] = steps[2], steps[1]
  end)
end

local function damage_reopenings(add, made)
  local counts = made.state.revision_base_step_counts
  local steps = #made.state.completed_steps
  if not counts then
    return
  end
  local is_base = {}
  for index, count in ipairs(counts) do
    is_base[count] = true
    add(("reopening %d is gone"):format(index), function(whole)
      table.remove(whole.revision_base_step_counts, index)
    end)
  end
  for count = -1, steps + 1 do
    add(("a reopening after %d steps more"):format(count), function(whole)
      local list = whole.revision_base_step_counts
      list[#list + 1] = count
      table.sort(list)
      return not is_base[count] and nil
    end)
  end
  for _, odd in ipairs { counts[#counts] or 0, "1", true, strict.null, SAMPLES.number } do
    add("a reopening after " .. tostring(odd), function(whole)
      table.insert(whole.revision_base_step_counts, odd)
    end)
  end
  add("both forms of reopenings", function(whole)
    whole.revision_base_step_count = math.max(steps, 1)
  end)
end

local function damage_pipeline(add, made)
  add_values(add, "state", "pipeline", { 5, "x", strict.array(), strict.object() }, itself)
  local graph = made.state.pipeline
  if not graph then
    return
  end
  local function find(whole)
    return whole.pipeline
  end
  damage_kinds(add, "pipeline", PIPELINE, find)
  add_unknown(add, "pipeline", find)
  add_values(add, "pipeline", "start", { "", "nosuch", "good" }, find)
  add("an edge leads nowhere", function(whole)
    whole.pipeline.edges.draft.done = "nosuch"
  end)
  add("a terminal has no status", function(whole)
    whole.pipeline.terminals.good.status = nil
  end)
  add("a limit of visits is 0", function(whole)
    whole.pipeline.max_visits.check = 0
  end)
  add("refine leads nowhere", function(whole)
    whole.pipeline.refine.to = "nosuch"
  end)
end

local function damage_state(list, made)
  local add = collector(list, ".planning/state.json", made.state)
  damage_kinds(add, "state", STATE, itself)
  add_unknown(add, "state", itself)
  add_values(add, "state", "schema_version", { 0, 2, -1, math.maxinteger }, itself)
  local cursors = { "", "nonsense", "approaches", "pick-best", "expand", "review", "revise",
    "review-2", "final-review", "terminal-ready", "terminal-skipped", "draft", "mend", "good" }
  add_values(add, "state", "next_step", cursors, itself)
  add_values(add, "state", "review_findings", { strict.null, "", "x" }, itself)
  add_values(add, "state", "final_decision",
    { strict.null, "", "approve-auto", "approve-needs-human", "reject" }, itself)
  local has_decision = made.state.final_decision ~= strict.null
  add_values(add, "state", "final_reason", has_decision and { strict.null, "" } or { "x", "" },
    itself)
  damage_steps(add, made)
  damage_reopenings(add, made)
  damage_pipeline(add, made)
  for index, entry in ipairs(made.state.feedback) do
    if type(entry) ~= "string" then
      local where, find = ("feedback[%d]"):format(index), item_of("feedback", index)
      damage_kinds(add, where, FEEDBACK, find)
      add_unknown(add, where, find)
      add_values(add, where, "source", { "", "mail" }, find)
    end
  end
  for _, kind in ipairs { "null", "boolean", "integer", "number", "array" } do
    add("feedback has a " .. kind, function(whole)
      table.insert(whole.feedback, SAMPLES[kind])
    end)
  end
end

--- Texts that are no such document.
local function damage_text(list, file, whole)
  local text = assert(strict.encode(whole))
  local middle = #text // 2
  for name, damaged in pairs {
    ["is empty"] = "", ["is blank"] = " \n", ["is null"] = "null\n", ["is an array"] = "[]\n",
    ["is an empty object"] = "{}\n", ["is a string"] = '"x"\n', ["is cut"] = text:sub(1, middle),
    ["lacks its end"] = text:sub(1, -4), ["has a byte order mark"] = "\u{FEFF}" .. text,
    ["goes on"] = text .. "x", ["is there twice"] = text .. text,
    ["has a comment"] = "// mine\n" .. text, ["has NaN"] = text:gsub("^{", '{"z": NaN,'),
    ["has single quotes"] = text:gsub('"', "'"),
    ["has a trailing comma"] = text:gsub("\n}\n$", ",\n}\n"),
    ["is not UTF-8"] = text:gsub("^{", '{"z": "\xff",'),
    ["has a raw control character"] = text:gsub("^{", '{"z": "\1",'),
    ["is nested too deep"] = text:gsub("^{", '{"z": ' .. ("["):rep(501) .. ("]"):rep(501) .. ","),
    ["has too long a number"] = text:gsub("^{", '{"z": ' .. ("1"):rep(4301) .. ","),
    ["has NUL bytes"] = ("\0"):rep(#text),
  } do
    list[#list + 1] = { name = file .. ": " .. name, file = file, make = function()
      return damaged
    end }
  end
end

local M = {}

---@class spec.Damage
---@field name string
---@field file string  inside the migration
---@field make fun(): string|nil  the text of the damaged file; nil where it would be as it is

--- Each damage of one field, and of the text, of a migration whose status is planning.
---@param made spec.Walked
---@return spec.Damage[]
function M.of(made)
  local list = {}
  damage_manifest(list, made)
  damage_state(list, made)
  damage_text(list, "manifest.json", made.manifest)
  damage_text(list, ".planning/state.json", made.state)
  table.sort(list, function(a, b)
    return a.name < b.name
  end)
  return list
end

-- What may be in a file's place, as a shell makes it: $1 is the file.
local INSTEAD <const> = {
  "rm \"$1\"", "rm \"$1\" && mkdir \"$1\"", "rm \"$1\" && mkfifo \"$1\"",
  "rm \"$1\" && ln -s nowhere \"$1\"", "rm \"$1\" && ln -s \"${1##*/}\" \"$1\"",
  "rm \"$1\" && ln -s /dev/zero \"$1\"", "rm \"$1\" && ln -s / \"$1\"",
}

--- How many ways there are to have something else in a file's place.
M.replacements = #INSTEAD

--- Puts something else in a file's place.
---@param path string
---@param way integer
function M.replace(path, way)
  sh.check { argv = { "sh", "-c", INSTEAD[way], "sh", path } }
end

return M
