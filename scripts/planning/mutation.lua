--- Damages a recorded answer in every way that an agent might: the stage must refuse it cleanly, or
--- the result must be sound.  The same recording and number always give the same damage.

local tables = require "lib.tables"

local ANSWER_OVER <const> = (8 << 20) + 1
local FILE_OVER <const> = (16 << 20) + 1

---@class mighost.Damaged what an agent says and leaves
---@field name string
---@field answer string
---@field files table<string, string> by path inside the work dir
---@field removed string[]
---@field links table<string, string> symbolic links and where they lead

---A small generator of numbers of its own: the same everywhere.
local function new_random(seed)
  local value = seed * 2654435761 % (1 << 32)
  return function(limit)
    value = (value * 1664525 + 1013904223) % (1 << 32)
    return (value >> 8) % limit + 1
  end
end

local function lines_of(text)
  local lines = {}
  for line in (text .. "\n"):gmatch("([^\n]*)\n") do
    lines[#lines + 1] = line
  end
  return lines
end

local function shuffle(list, random)
  for index = #list, 2, -1 do
    local other = random(index)
    list[index], list[other] = list[other], list[index]
  end
  return list
end

local function insert(text, what, random)
  local at = random(#text + 1)
  return text:sub(1, at - 1) .. what .. text:sub(at)
end

local function without_line(text, random)
  local lines = lines_of(text)
  table.remove(lines, random(#lines))
  return table.concat(lines, "\n")
end

---Ways to damage a text.
local TEXT <const> = {
  { "empty", function() return "" end },
  { "blank", function() return " \n\t\r\n" end },
  { "cut", function(text, random) return text:sub(1, random(#text + 1) - 1) end },
  { "without its beginning", function(text, random) return text:sub(random(#text + 1)) end },
  { "reordered", function(text, random)
    return table.concat(shuffle(lines_of(text), random), "\n")
  end },
  { "without a line", without_line },
  { "twice", function(text) return text .. "\n" .. text end },
  { "not UTF-8", function(text, random) return insert(text, "\xFF\xC0", random) end },
  { "UTF-16", function(text) return "\xFF\xFE" .. text:gsub(".", "%0\0") end },
  { "a NUL byte", function(text, random) return insert(text, "\0", random) end },
  { "escape sequences", function(text, random)
    return insert(text, "\27]0;title\7\27[2J", random)
  end },
  { "text direction reversed", function(text, random) return insert(text, "\u{202E}", random) end },
  { "carriage returns", function(text) return (text:gsub("\n", "\r\n")) end },
  { "one line", function(text) return (text:gsub("\n", " ")) end },
  { "in capitals", function(text) return text:upper() end },
  { "other words", function(text, random)
    return (text:gsub("%a+", function(word)
      return random(4) == 1 and word:reverse() or word
    end))
  end },
}

local function paths_of(damaged)
  return tables.sorted_keys(damaged.files)
end

local function pick(damaged, random)
  local paths = paths_of(damaged)
  return paths[1] and paths[random(#paths)]
end

---Moves one of the files to where `rename` says.
local function move_file(rename)
  return function(damaged, random)
    local path = pick(damaged, random)
    if path then
      local text = damaged.files[path]
      damaged.files[path] = nil
      damaged.files[rename(path)] = text
    end
  end
end

local function link_file(target)
  return function(damaged, random)
    local path = pick(damaged, random) or "plan.md"
    damaged.files[path] = nil
    damaged.links[path] = target
  end
end

local function add_file(path, text)
  return function(damaged)
    damaged.files[path] = text
  end
end

---Ways to damage what is left in the work dir.
local FILES <const> = {
  { "no file", function(damaged) damaged.files = {} end },
  { "a file missing", function(damaged, random)
    local path = pick(damaged, random)
    if path then
      damaged.files[path] = nil
    end
  end },
  { "all files removed", function(damaged)
    damaged.removed = paths_of(damaged)
    damaged.removed[#damaged.removed + 1] = "plan.md"
    damaged.files = {}
  end },
  { "a file elsewhere", move_file(function(path) return "elsewhere/" .. path end) },
  { "a file of another name", move_file(function(path)
    return (path:gsub("%.md$", ".txt"))
  end) },
  { "a file in capitals", move_file(string.upper) },
  { "a name with a line end", move_file(function(path) return path .. "\nx" end) },
  { "a name that is not UTF-8", move_file(function(path) return path .. "\xFF" end) },
  { "a folder in a file's place", move_file(function(path) return path .. "/inside.md" end) },
  { "a link out of the work dir", link_file("/etc/passwd") },
  { "a link into nothing", link_file("nowhere.md") },
  { "a link to the manifest", link_file("manifest.json") },
  { "contents exchanged", function(damaged, random)
    local a, b = pick(damaged, random), pick(damaged, random)
    if a then
      damaged.files[a], damaged.files[b] = damaged.files[b], damaged.files[a]
    end
  end },
  { "mighost's manifest", add_file("manifest.json", "{\"name\": 1}") },
  { "mighost's state", add_file(".planning/state.json", "[]") },
  { "an accepted output", add_file(".planning/stages/approaches.stdout.md", "forged") },
  { "git's attributes", add_file(".gitattributes", "* text\n") },
  { "a repository", add_file("sub/.git/HEAD", "ref: refs/heads/main\n") },
  { "another phase file", add_file("phase-9-extra.md", "# Extra\n") },
  { "a phase file of the same number", add_file("phase-1-again.md", "# Again\n") },
}

---The prompt in the place of the answer, or beside it.
local ECHOES <const> = {
  { "an echo of the prompt", function(_, prompt) return prompt end },
  { "the prompt, then the answer", function(answer, prompt) return prompt .. "\n" .. answer end },
  { "the answer, then the prompt", function(answer, prompt) return answer .. "\n" .. prompt end },
}

---Damage that is tried only once: it is expensive, and always the same.
local ONCE <const> = {
  { "oversized", function(damaged)
    damaged.answer = damaged.answer .. ("x"):rep(ANSWER_OVER - #damaged.answer)
  end },
  { "an oversized file", function(damaged)
    damaged.files["notes.md"] = ("x"):rep(FILE_OVER)
  end },
}

local function copy_of(recorded)
  return { name = "", answer = recorded.answer, files = tables.copy(recorded.files), links = {},
    removed = table.move(recorded.removed, 1, #recorded.removed, 1, {}) }
end

---Every kind of damage: a name, and what does it.
local function kinds()
  local list = {}
  local function add(name, damage)
    list[#list + 1] = { name = name, damage = damage }
  end
  for _, way in ipairs(TEXT) do
    add("answer: " .. way[1], function(damaged, random)
      damaged.answer = way[2](damaged.answer, random)
    end)
    add("file: " .. way[1], function(damaged, random)
      local path = pick(damaged, random)
      if path then
        damaged.files[path] = way[2](damaged.files[path], random)
      end
    end)
  end
  for _, way in ipairs(ECHOES) do
    add("answer: " .. way[1], function(damaged, _, prompt)
      damaged.answer = way[2](damaged.answer, prompt)
    end)
  end
  for _, way in ipairs(FILES) do
    add("work dir: " .. way[1], way[2])
  end
  return list
end

local M = {}

---@param recorded { answer: string, files: table<string, string>, removed: string[] }
---@param prompt string
---@param count integer
---@return fun(): mighost.Damaged|nil next
function M.variants(recorded, prompt, count)
  local all, made = kinds(), 0
  return function()
    made = made + 1
    if made > count then
      return nil
    end
    local damaged, random = copy_of(recorded), new_random(made)
    local kind = ONCE[made] and { name = ONCE[made][1], damage = ONCE[made][2] }
      or all[(made - #ONCE - 1) % #all + 1]
    damaged.name = ("%d %s"):format(made, kind.name)
    kind.damage(damaged, random, prompt)
    return damaged
  end
end

return M
