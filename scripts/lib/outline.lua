--- Where in a Lua file each field of the table that it returns is written, from the text alone.
---
--- It reads tokens, not the language: table constructors, `local` tables that are returned or named
--- as a field's value, and what is put into them outside of functions.  What it cannot follow has
--- the line of the nearest thing around it.

local tokens_of = require "lib.lua_tokens"

local OPENING <const> = {
  ["("] = true, ["["] = true, ["{"] = true, ["function"] = true, ["if"] = true, ["do"] = true,
  ["repeat"] = true,
}
local CLOSING <const> = {
  [")"] = true, ["]"] = true, ["}"] = true, ["end"] = true, ["until"] = true,
}
local ENDING <const> = { [","] = true, [";"] = true, ["}"] = true }
local MOST_DEPTH <const> = 100 -- of constructors; Lua's own limit is 200

---@class mighost.OutlineNode
---@field line integer
---@field fields table<any, mighost.OutlineNode>|nil of a table
---@field ref string|nil the local whose value it is

---@class mighost.OutlineReader
---@field tokens table[]
---@field index integer
---@field depth integer of constructors
---@field locals table<string, mighost.OutlineNode>
---@field duplicates { key: any, line: integer, first: integer }[]
local Reader <const> = {}
Reader.__index = Reader

function Reader:peek(ahead)
  return self.tokens[math.min(self.index + (ahead or 0), #self.tokens)]
end

---Whether a token is just this sign or keyword; a string that says the same is not.
function Reader:is(value, ahead)
  local token = self:peek(ahead)
  return token.value == value and (token.kind == "sign" or token.kind == "keyword")
end

function Reader:is_over()
  return self:peek().kind == "end"
end

---Passes over the token that is next, with all that it opens.
function Reader:skip_one()
  local depth = 0
  repeat
    local token = self:peek()
    if token.kind == "sign" or token.kind == "keyword" then
      depth = depth + (OPENING[token.value] and 1 or 0) - (CLOSING[token.value] and 1 or 0)
    end
    self.index = self.index + 1
  until depth <= 0 or self:is_over()
end

---Passes over the rest of a field's value.
function Reader:skip_value()
  while not self:is_over() and not (self:peek().kind == "sign" and ENDING[self:peek().value]) do
    self:skip_one()
  end
end

---Whether a value that is a name is over before a token.
local function ends_value(token)
  return token.kind == "end" or token.kind == "name" or ENDING[token.value] and token.kind == "sign"
    or token.kind == "keyword" and token.value ~= "and" and token.value ~= "or"
end

---A value: a table, a local's, or anything else, of which the line is all there is to know.
function Reader:read_value()
  local token = self:peek()
  local node = { line = token.line }
  if self:is "{" and self.depth < MOST_DEPTH then
    node = self:read_table()
  elseif token.kind == "name" and ends_value(self:peek(1)) then
    node.ref = token.value
  end
  return node
end

---A field's key, when the next tokens are one; nil for an item of a list.
function Reader:read_key()
  local token = self:peek()
  if token.kind == "name" and self:is("=", 1) then
    self.index = self.index + 2
    return token.value, token.line
  elseif not self:is "[" then
    return nil
  end
  local inner, is_plain = self:peek(1), self:is("]", 2)
  self:skip_one()
  if self:is "=" then
    self.index = self.index + 1
  end
  local is_known = is_plain and (inner.kind == "string" or inner.kind == "number")
  return is_known and inner.value or false, token.line
end

---A table constructor; the next token opens it.
function Reader:read_table()
  local node = { line = self:peek().line, fields = {} }
  local count = 0
  self.depth = self.depth + 1
  self.index = self.index + 1
  while not self:is_over() and not self:is "}" do
    local key, line = self:read_key()
    if key == nil then
      count = count + 1
      key, line = count, self:peek().line
    end
    local value = self:read_value()
    self:skip_value()
    if not self:is "}" then
      self.index = self.index + 1
    end
    local earlier = node.fields[key]
    if earlier and key then
      table.insert(self.duplicates, { key = key, line = line, first = earlier.line })
    end
    value.line = line
    node.fields[key] = value
  end
  self.index = self.index + 1
  self.depth = self.depth - 1
  return node
end

---`local name <attribute> = value`, or `local function name`; the next token is `local`.
function Reader:read_local()
  local is_function = self:is("function", 1)
  local name = self:peek(is_function and 2 or 1)
  if is_function then
    self.locals[name.value] = { line = name.line }
    self.index = self.index + 1
    return self:skip_one()
  end
  self.index = self.index + 2
  if self:is "<" then
    self.index = self.index + 3
  end
  if self:is "=" then
    self.index = self.index + 1
    self.locals[name.value] = self:read_value()
    self.locals[name.value].line = name.line
  end
end

---What is put into a local's field, as `name.field = value` or `function name.field()`.
function Reader:read_assignment(at)
  local owner, field = self:peek(at), self:peek(at + 2)
  local node = self.locals[owner.value]
  if not node or not self:is(".", at + 1) or field.kind ~= "name" then
    return false
  elseif at == 0 and not self:is("=", 3) then
    return false
  end
  node.fields = node.fields or {}
  if at == 1 then
    node.fields[field.value] = { line = field.line }
    self:skip_one()
    return true
  end
  self.index = self.index + 4
  node.fields[field.value] = self:read_value()
  node.fields[field.value].line = field.line
  return true
end

---The value that the file returns.
function Reader:read_chunk()
  while not self:is_over() do
    local at = self.index
    if self:is "return" then
      self.index = self.index + 1
      local root = self:read_value()
      return root.ref and self.locals[root.ref] or root
    elseif self:is "local" then
      self:read_local()
    elseif self:is "function" then
      if not self:read_assignment(1) then
        self:skip_one()
      end
    elseif self:peek().kind ~= "name" or not self:read_assignment(0) then
      self:skip_one()
    end
    self.index = math.max(self.index, at + 1)
  end
  return { line = 1 }
end

local M = {}

---@class mighost.Outline
---@field duplicates { key: any, line: integer, first: integer }[] fields that are written twice
---@field private root mighost.OutlineNode
---@field private locals table<string, mighost.OutlineNode>
local Outline <const> = {}
Outline.__index = Outline

---The line of a field, or of what is nearest around it.
---@param keys (string|integer)[] from the table that the file returns
---@return integer
function Outline:line(keys)
  local node, line = self.root, self.root.line
  for _, key in ipairs(keys) do
    local owner = node.ref and self.locals[node.ref] or node
    node = owner.fields and owner.fields[key]
    if not node then
      return line
    end
    line = node.line
  end
  return line
end

---Reads the text of a Lua file, whatever it holds.
---@param text string
---@return mighost.Outline
function M.read(text)
  local reader = setmetatable({
    tokens = tokens_of.read(text), index = 1, depth = 0, locals = {}, duplicates = {},
  }, Reader)
  local root = reader:read_chunk()
  return setmetatable({ root = root, locals = reader.locals, duplicates = reader.duplicates },
    Outline)
end

return M
