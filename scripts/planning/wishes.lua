--- The fields that requests of scripts may have, as the annotations of their classes say.  Another
--- one is misspelt: `dry_rnu = true` would do what `dry_run` only shows.

local nearest = require "lib.nearest"

local PLACE <const> = "project repo_root"
local PLAN <const> = PLACE .. " slug target steps to_end with model effort agent_command recording "
  .. "strict record pipeline timeout silence_timeout max_wait asks_nobody pass_env sandbox dry_run "
  .. "again command on_event on_step"
local FIELDS <const> = {
  plan = PLAN,
  refine = PLAN .. " feedback message adopt",
  review = PLAN .. " keeps_stdout",
  undo = "slug to dry_run on_event",
  repair = "slug dry_run on_done",
  publish = PLACE .. " slug create subject why change on_event",
  run = PLACE .. " argv name stdin env pass_env inherits_env timeout silence_timeout sandbox "
    .. "on_progress",
  test = PLACE .. " recording pipeline variants on_stage",
}
local CALLER <const> = 4 -- past `check`, mighost.lua's own function, and what a script called

local M = {}

---The fields that a request may have, by the function that takes it.
---@param what string e.g. "plan"
---@return table<string, true>
function M.fields(what)
  local fields = {}
  for name in FIELDS[what]:gmatch("%S+") do
    fields[name] = true
  end
  return fields
end

---Raises over a field that no request has, where it was called.
---@param what string e.g. "plan"
---@param request table
function M.check(what, request)
  local fields = M.fields(what)
  for name in pairs(request) do
    if not fields[name] then
      local names = {}
      for known in pairs(fields) do
        names[#names + 1] = known
      end
      table.sort(names)
      local near = nearest.find(tostring(name), names)
      error(("mighost.%s: unknown field '%s'%s"):format(what, tostring(name),
        near and (" (did you mean '%s'?)"):format(near) or ""), CALLER)
    end
  end
end

return M
