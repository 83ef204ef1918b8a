--- What kind of trouble an agent's service reports, and one line that a person understands.

local text = require "lib.text"

local WORDS_LIMIT <const> = 300

---@alias mighost.TroubleKind "rate-limited"|"auth"|"refused"|"empty"|"broken"

local BY_STATUS <const> = {
  [400] = "refused", [401] = "auth", [402] = "auth", [403] = "auth", [404] = "model",
  [413] = "refused", [422] = "refused", [429] = "rate-limited", [529] = "overloaded",
}

-- Looked for in this order, in lower case, where no status says more.
local BY_WORDS <const> = {
  { "not logged in", "auth" }, { "/login", "auth" }, { "invalid api key", "auth" },
  { "unauthorized", "auth" }, { "credit balance", "auth" },
  { "rate limit", "rate-limited" }, { "usage limit", "rate-limited" },
  { "hit your", "rate-limited" }, { "too many requests", "rate-limited" },
  { "overloaded", "overloaded" }, { "at capacity", "overloaded" },
  { "usage policy", "refused" }, { "model may not exist", "model" },
  { "model is not supported", "model" },
}

local PHRASES <const> = {
  auth = { "auth", "is not logged in, or its key is refused" },
  model = { "refused", "asked for a model that its service does not have" },
  overloaded = { "rate-limited", "found its service overloaded" },
  ["rate-limited"] = { "rate-limited", "is rate-limited" },
  refused = { "refused", "was refused by its service" },
  broken = { "broken", "failed" },
}

local function find_by_words(words)
  local lower = words:lower()
  for _, entry in ipairs(BY_WORDS) do
    if lower:find(entry[1], 1, true) then
      return entry[2]
    end
  end
  return "broken"
end

local M = {}

---The first line of what a program said, fit for a message.
---@param words string
---@return string
function M.first_line(words)
  for line in words:gmatch("[^\r\n]+") do
    if line:find("%S") then
      return text.printable(line:sub(1, WORDS_LIMIT))
    end
  end
  return ""
end

---@param words string what the program said about it
---@param status? integer of HTTP, where one is known
---@param known? "auth"|"model"|"overloaded"|"rate-limited"|"refused" what else the program told
---@return string line
---@return mighost.TroubleKind kind
function M.of(words, status, known)
  local phrase = PHRASES[known or BY_STATUS[status] or find_by_words(words)]
  local line = M.first_line(words)
  return line ~= "" and phrase[2] .. ": " .. line or phrase[2], phrase[1]
end

return M
