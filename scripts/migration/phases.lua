--- Phase files: finding `phase-<n>-<name>.md`, reading their fields, putting them in the manifest.

local tables = require "lib.tables"
local text = require "lib.text"

local DEFAULT_PRECONDITION <const> = "prerequisites in %s are met"
local EFFORTS <const> = { low = true, medium = true, high = true, xhigh = true }

---Digit strings of any length by value.
local function is_lower(a, b)
  if #a.index ~= #b.index then
    return #a.index < #b.index
  end
  if a.index ~= b.index then
    return a.index < b.index
  end
  return a.file < b.file
end

---The lines of the section under `## <heading>`, joined by one space; nil without such a heading.
local function section(lines, heading)
  local found
  for _, line in ipairs(lines) do
    local title = line:match("^##%s+(.-)%s*$")
    if title or line:find("^#%s") then
      if found then
        break
      end
      found = title and title:lower() == heading and {} or nil
    elseif found then
      local words = line:match("^%s*(.-)%s*$")
      found[#found + 1] = words ~= "" and words or nil
    end
  end
  return found and table.concat(found, " ")
end

local function labelled_line(lines, label)
  for _, line in ipairs(lines) do
    local key, value = line:match("^%s*([%a_]+):%s*(.-)%s*$")
    if key and key:lower() == label and value ~= "" then
      return value
    end
  end
end

local function field(lines, heading, label)
  local words = section(lines, heading)
  if words and words ~= "" then
    return words
  end
  return labelled_line(lines, label)
end

---The effort that a phase file asks for: nil without one, `nil, message` for an unknown word.
local function read_effort(lines, file)
  local words = field(lines, "required effort", "required_effort")
  if not words then
    return nil
  end
  local word = words:match("^%S+"):gsub("^[`%.,;:]+", ""):gsub("[`%.,;:]+$", ""):lower()
  if not EFFORTS[word] then
    return nil, ("%s: required effort %q is not one of low, medium, high, xhigh"):format(file, word)
  end
  return word
end

---@return mighost.Phase|nil
---@return string|nil message
local function read_phase(dir, doc)
  local content, message = dir:read(doc.file)
  if not content then
    return nil, message
  end
  if not utf8.len(content) then
    return nil, doc.file .. ": not UTF-8 text"
  end
  local lines = text.lines(content)
  local effort, why = read_effort(lines, doc.file)
  if why then
    return nil, why
  end
  return {
    name = doc.name,
    file = doc.file,
    precondition = field(lines, "precondition", "precondition")
      or DEFAULT_PRECONDITION:format(doc.file),
    done = false,
    required_effort = effort,
    effort_reason = field(lines, "effort reason", "effort_reason"),
    extra = {},
  }
end

local M = {}

---What a file name says when it is a phase file's.
---@param file string
---@return mighost.PhaseDoc|nil
function M.parse_name(file)
  local digits, name = file:match("^phase%-(%d+)%-(.+)%.md$")
  if not digits then
    return nil
  end
  return { file = file, index = digits:match("^0*(%d+)$"), name = name }
end

---Reads the phase files of a migration, ordered by number.
---@param dir host.fs.Dir
---@return mighost.Phase[]|nil
---@return string|nil message
function M.discover(dir)
  local entries, message = dir:list()
  if not entries then
    return nil, message
  end
  local docs, by_name = {}, {}
  for _, entry in ipairs(entries) do
    local doc = M.parse_name(entry.name)
    if doc and by_name[doc.name] then
      return nil, ("two phase files have the name %q: %s and %s"):format(doc.name,
        by_name[doc.name], doc.file)
    elseif doc then
      docs[#docs + 1], by_name[doc.name] = doc, doc.file
    end
  end
  table.sort(docs, is_lower)
  local phases = {}
  for index, doc in ipairs(docs) do
    local phase, why = read_phase(dir, doc)
    if not phase then
      return nil, why
    end
    phases[index] = phase
  end
  return phases
end

---The manifest with these phases in place of its own: none is done, and the current phase stays
---where it still exists, else it is the first.
---@param manifest mighost.Manifest is not changed
---@param phases mighost.Phase[]
---@return mighost.Manifest
function M.apply(manifest, phases)
  local changed = tables.copy(manifest, { phases = phases })
  changed.current_phase = phases[1] and phases[1].name or ""
  for _, phase in ipairs(phases) do
    if phase.name == manifest.current_phase then
      changed.current_phase = phase.name
    end
  end
  return changed
end

return M
