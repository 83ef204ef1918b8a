--- What a run of the loop starts from, over a scratch project, inside a spec.
---   local p <close> = project.new()
---   local ctx <close>, events = running.context(p)

local setup = require "loop.setup"
local tables = require "lib.tables"

local M = {}

--- What a run starts from. Its events are in the second value; closing the context closes the run.
---@param p spec.Project
---@param more? table  options of the run
---@return mighost.LoopContext ctx
---@return table[] events
---@return mighost.LoopSetup prepared
function M.context(p, more)
  local events = {}
  local opts = tables.copy({
    command = "run", with = "command", agent_command = p:agent_command(), focus = true,
    validation_command = "true", sandbox = "off", -- the scripted agent keeps a log out of its reach
    on_event = function(event)
      events[#events + 1] = event
    end,
  }, more)
  local prepared = assert(setup.prepare(p:open(), opts))
  local ctx = setmetatable(prepared.ctx, { __close = function(ctx)
    ctx.run:close("completed")
    ctx.repo:close()
    ctx.session.site:close()
  end })
  return ctx, events, prepared
end

return M
