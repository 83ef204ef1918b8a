--- Reads the lines by which an agent's answer says what it decided, such as `review: clear`.
---
--- Position decides, not markup. Of all lines `key: value` that have a value, the last one counts:
--- agents restate their instructions, think aloud and correct themselves, and conclude at the end.
--- A last line with a value that nobody asked for is not passed over in favour of an earlier one
--- that would do: the caller treats it as a doubt, never as a consent.
---
--- Markup that cannot change the meaning is ignored: list dashes, `#`, emphasis, backticks, quotes,
--- colours, control characters, letter case, any line ending, a full stop and the like at the end;
--- a line counts in a code fence too. Whatever could change it is not: a value must be the whole
--- rest of the line ("review: clear, except phase 2" is not "clear"), words in front of the key
--- make the line prose, and a block quote (`>`) speaks for somebody else, so it never counts.

local text_of = require "lib.text"

local LEAD <const> = "^([%s%c%*_`#%+%-\"']*)(.*)$"
local AROUND <const> = "[%s%c%*_`\"']"
local ENDING <const> = "[%s%c%*_`\"'%.,;:!]"
local ITEM <const> = "^[%s%*_#%+%->]*%(?%d+[%.%):]([^%d].*)$"
local MAX_REASON <const> = 2000
local MAX_EXCERPT <const> = 120
local MAX_NAME <const> = 1000 -- with all its decoration: a file's name twice in a link, and more
local REVIEW <const> = { "clear", "findings" }

---Drops what `class` matches from the end; byte by byte, so that a hostile line costs linear time.
local function trim_end(text, class)
  local last = #text
  while last > 0 and text:find(class, last) == last do
    last = last - 1
  end
  return text:sub(1, last)
end

local function trim(text, class)
  return trim_end(text:match("^" .. class .. "*(.*)$"), class)
end

---Emphasis that `lead` opens may close at the very end of the line: drops its other half.
local function close_emphasis(lead, value)
  local opening = lead:match("([%*_`\"']+)%s*$")
  if opening and #value > #opening and value:sub(-#opening) == opening then
    return trim_end(value:sub(1, -#opening - 1), "[%s%c]")
  end
  return value
end

---The value of `line` when it is a contract line for `key`, else nil.
local function value_of(line, key)
  local lead, rest = line:match(LEAD)
  if rest:sub(1, #key):lower() ~= key then
    return nil
  end
  local opening, value = rest:sub(#key + 1):match("^" .. AROUND .. "*:(" .. AROUND .. "*)(.*)$")
  if not value or trim(value, ENDING) == "" then
    return nil
  end
  return close_emphasis(lead, close_emphasis(opening, trim_end(value, "[%s%c]")))
end

---The longest prefix of `value` that is one of `words`, and what follows it.
local function take_word(value, words)
  local lower = value:lower()
  local found
  for _, word in ipairs(words) do
    if lower:sub(1, #word) == word and (not found or #word > #found) then
      found = word
    end
  end
  return found, found and value:sub(#found + 1)
end

---Cuts at a character's boundary.
local function cut(text, limit)
  if #text <= limit then
    return text
  end
  while limit > 0 and text:byte(limit + 1) & 0xC0 == 0x80 do
    limit = limit - 1
  end
  return text:sub(1, limit) .. "…"
end

---Makes a reason fit for a file and a table: one line, valid UTF-8, no control characters, bounded.
local function clean_reason(text)
  local valid = text_of.to_utf8(text)
  return trim(cut(valid:gsub("[%s%c]+", " "), MAX_REASON), "%s")
end

---"— reason", "– reason" or "- reason" after a decision: the reason, "" for none, nil when `rest`
---is anything else. A hyphen needs a space on one side, so that "reject-ish" is not a rejection.
local function reason_in(rest)
  local bare = rest:match("^" .. AROUND .. "*(.*)$")
  if trim(bare, ENDING) == "" then
    return ""
  end
  local reason = bare:match("^—(.*)$") or bare:match("^–(.*)$") or bare:match("^%-+%s(.*)$")
  if not reason and rest:find("^" .. AROUND) then
    reason = bare:match("^%-+(.*)$")
  end
  return reason and clean_reason(reason)
end

---The ways in which an answer may write one name: as is, undecorated, as a path, as a link.
local function spellings(value)
  local bare = trim(value, ENDING)
  local list = { value, trim(value, AROUND), bare }
  list[#list + 1] = bare:match("^%[(.-)%]") and trim(bare:match("^%[(.-)%]"), AROUND)
  for index = 1, #list do
    list[#list + 1] = list[index]:gsub("^%./", ""):gsub("^approaches/", ""):gsub("%.md$", "")
  end
  return list
end

local function find_name(value, names)
  local written = spellings(value)
  for _, spelling in ipairs(written) do
    for _, name in ipairs(names) do
      if spelling == name then
        return name
      end
    end
  end
  local found = {}
  for _, name in ipairs(names) do
    for _, spelling in ipairs(written) do
      if spelling:lower() == name:lower() then
        found[name] = true
      end
    end
  end
  local only = next(found)
  return only and next(found, only) == nil and only or nil
end

local M = {}

---Whether an answer holds nothing that a person could read: only blanks, control characters and the
---like.
---@param text string
---@return boolean
function M.is_silent(text)
  if text:find("[%w%p]") then
    return false
  end
  local visible = text:gsub("\u{FEFF}", ""):gsub("\u{200B}", ""):find("[^%s%c]")
  return visible == nil
end

---The values of all lines `key: value` that have one, in order, without the markup around them.
---@param text string
---@param key string in lower case
---@return string[] values
function M.values(text, key)
  local values = {}
  if text:find("\27", 1, true) then
    text = text:gsub("\27%[[%d;]*m", "")
  end
  for line in text:gmatch("[^\r\n]+") do
    values[#values + 1] = value_of(line, key)
  end
  return values
end

---The value of the last line `key: value` that has one.
---@param text string
---@param key string in lower case
---@return string? value nil when there is no such line
function M.last(text, key)
  local values = M.values(text, key)
  return values[#values]
end

---The one of `words` that a value is, as a whole.
---@param value string
---@param words string[] in lower case
---@return string? word
function M.word(value, words)
  local word, rest = take_word(trim(value, AROUND), words)
  return word and trim(rest, ENDING) == "" and word or nil
end

---A value that is one of `words`, with or without a reason after an em dash or a hyphen.
---@param value string
---@param words string[] in lower case
---@return string? word nil when the value is anything else
---@return string? reason nil when none was given
function M.decision(value, words)
  local word, rest = take_word(value:match("^" .. AROUND .. "*(.*)$"), words)
  local reason = word and reason_in(rest)
  if not reason then
    return nil
  end
  return word, reason ~= "" and reason or nil
end

---The one of `names` that a value means: exactly, else the only one that differs in letter case. It
---may be written as `approaches/<name>.md` or as a link, and followed by a dash and a reason.
---@param value string
---@param names string[]
---@return string? name
function M.name(value, names)
  local name = find_name(value, names)
  local from = 1
  while not name do
    local first, last = value:find("%s[—–-]+%s", from)
    if not first or first > MAX_NAME then
      return nil
    end
    name = find_name(value:sub(1, first - 1), names)
    from = last
  end
  return name
end

---The numbered items of a list in an answer ("1. …", "**2)** …"), except one that says only "no
---findings".
---@param text string
---@return string[] items each item's first line
function M.items(text)
  local items = {}
  for line in text:gmatch("[^\r\n]+") do
    local item = line:match(ITEM) or line:match("^%s*%d+[%.%)]%s*$")
    item = item and trim_end(item:gsub("^[%*_]*%s+", ""), "[%s%c]")
    if item and trim(item, ENDING):lower() ~= "no findings" then
      items[#items + 1] = item
    end
  end
  return items
end

---What a review says: the last line `review: clear|findings`; without one, a text that says "no
---findings" and has no numbered item is clear, and anything else is findings. A last line that is
---neither but begins like one of them ("review: clear, except phase 2") or stands behind a proper
---one is findings: a doubt must not pass for a clear review.
---@param text string
---@return string outcome "clear" or "findings"
---@return integer count of numbered items
---@return string? first of them
function M.review(text)
  local items = M.items(text)
  local values = M.values(text, "review")
  local word = #values > 0 and M.word(values[#values], REVIEW) or nil
  if word then
    return word, #items, items[1]
  end
  for index, value in ipairs(values) do
    if M.word(value, REVIEW) or (index == #values and take_word(value, REVIEW)) then
      return "findings", #items, items[1]
    end
  end
  local is_clear = #items == 0 and text:lower():find("no findings", 1, true)
  return is_clear and "clear" or "findings", #items, items[1]
end

---A value for an error message: quoted, harmless, not long.
---@param value string
---@return string
function M.excerpt(value)
  return ('"%s"'):format(text_of.printable(cut(text_of.to_utf8(value), MAX_EXCERPT)))
end

return M
