--- Table functions that Lua's own library lacks.

local M = {}

---The keys of a table, sorted, so that no output depends on the order of `pairs`.
---@generic K
---@param map table<K, any>
---@param comes_first? fun(a: K, b: K): boolean default: by `<`
---@return K[]
function M.sorted_keys(map, comes_first)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys, comes_first)
  return keys
end

---A table with the same fields, but for those that change.
---@param fields table is not changed
---@param changes? table
---@return table
function M.copy(fields, changes)
  local copied = {}
  for _, values in ipairs { fields, changes } do
    for key, value in pairs(values) do
      copied[key] = value
    end
  end
  return copied
end

---@param list any[]
---@param item any
---@return boolean
function M.contains(list, item)
  for _, held in ipairs(list) do
    if held == item then
      return true
    end
  end
  return false
end

---@generic T
---@param list T[]
---@return table<T, true> set each item of the list as a key
function M.to_set(list)
  local set = {}
  for _, item in ipairs(list) do
    set[item] = true
  end
  return set
end

return M
