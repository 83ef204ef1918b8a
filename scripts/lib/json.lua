--- JSON for everything but the two durable files: lua-cjson reads, keys are written sorted.

local cjson = require "cjson.safe"
local text = require "lib.text"

local MAX_DEPTH <const> = 100

local ARRAY <const> = { __name = "json.array" }

local decoder <const> = cjson.new()
decoder.decode_invalid_numbers(false)

local function encode_scalar(value)
  return (assert(cjson.encode(value)))
end

local function is_array(value)
  return getmetatable(value) == ARRAY or #value > 0
end

local encode_value

local function encode_object(value, depth, out)
  local keys = {}
  for key in pairs(value) do
    if type(key) ~= "string" then
      error("json.encode: an object with a key that is not a string: " .. tostring(key), 2)
    end
    keys[#keys + 1] = key
  end
  table.sort(keys)
  out[#out + 1] = "{"
  for index, key in ipairs(keys) do
    out[#out + 1] = (index == 1 and "" or ",") .. encode_scalar(text.to_utf8(key)) .. ":"
    encode_value(value[key], depth + 1, out)
  end
  out[#out + 1] = "}"
end

local function encode_array(value, depth, out)
  out[#out + 1] = "["
  for index, item in ipairs(value) do
    if index > 1 then
      out[#out + 1] = ","
    end
    encode_value(item, depth + 1, out)
  end
  out[#out + 1] = "]"
end

function encode_value(value, depth, out)
  if depth > MAX_DEPTH then
    error("json.encode: nested deeper than " .. MAX_DEPTH .. " levels", 2)
  end
  if type(value) == "table" then
    return (is_array(value) and encode_array or encode_object)(value, depth, out)
  elseif type(value) == "string" then
    out[#out + 1] = encode_scalar(text.to_utf8(value)):gsub("\\/", "/")
  elseif math.type(value) == "integer" then
    out[#out + 1] = ("%d"):format(value)
  else
    out[#out + 1] = encode_scalar(value)
  end
end

local M = { null = cjson.null }

---Marks a list as an array, which only an empty one needs.
---@param items table
---@return table items
function M.array(items)
  return setmetatable(items, ARRAY)
end

---One line, keys sorted. A table with a first element, or marked by `json.array`, is an array.
---Bytes that are not UTF-8 become U+FFFD. What JSON cannot hold (a function, NaN) raises.
---@param value any
---@return string
function M.encode(value)
  local out = {}
  encode_value(value, 1, out)
  return table.concat(out)
end

---@param source string
---@return any value nil on failure; null is `json.null`
---@return string|nil message
function M.decode(source)
  local value, problem = decoder.decode(source)
  if type(problem) == "table" then -- an interrupt, which cjson catches like an error of its own
    error(problem, 0)
  elseif value == nil then
    return nil, "not valid JSON: " .. problem
  end
  return value
end

---The object or array in a file; nil where the file holds anything else, is too long or is missing.
---@param dir { read: fun(self: table, path: string, opts?: table): string|nil } a host.fs.Dir
---@param path string
---@param opts? table of reading, e.g. the most bytes
---@return table|nil
function M.read_table(dir, path, opts)
  local source = dir:read(path, opts)
  local value = source and M.decode(source)
  return type(value) == "table" and value or nil
end

---Makes fields that an object lacks null, so that every key is always there.
---@param object table
---@param fields string[]
---@return table object
function M.fill(object, fields)
  for _, field in ipairs(fields) do
    if object[field] == nil then
      object[field] = M.null
    end
  end
  return object
end

return M
