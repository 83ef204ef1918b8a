--- A page for a person: fields, headings and texts that fit 80 columns, in colour where the
--- terminal has it, without a control character from anywhere.

local cli = require "cli"
local layout = require "lib.layout"
local prose = require "lib.prose"
local text = require "lib.text"

local COLUMNS <const> = 80
local LABEL <const> = 10 -- columns of a field's name and the gap behind it
local COLORS <const> = {
  bold = "\27[1m", dim = "\27[2m", red = "\27[31m", green = "\27[32m", yellow = "\27[33m",
  cyan = "\27[36m",
}
local PLAIN <const> = "\27[0m"

---@class mighost.cli.Page
---@field private lines string[]
---@field private use_color boolean
local Page <const> = {}
Page.__index = Page

---@param words string harmless already
---@param color? string
---@return string
function Page:paint(words, color)
  return self.use_color and color and COLORS[color] .. words .. PLAIN or words
end

---A line of harmless words.
function Page:add(...)
  table.insert(self.lines, (table.concat({ ... }):gsub(" +$", "")))
end

---A name and a text that continues beneath itself.
---@param label string
---@param value string
---@param color? string
function Page:add_field(label, value, color)
  for i, line in ipairs(layout.wrap(text.printable(value), COLUMNS - LABEL)) do
    self:add(layout.pad(i == 1 and label or "", LABEL), self:paint(line, color))
  end
end

---A text in lines that all begin the same; what is beyond `limit` lines is left out.
---@param indent string
---@param value string
---@param limit? integer
---@param color? string
function Page:add_text(indent, value, limit, color)
  local room = COLUMNS - #indent
  local wrapped = layout.wrap(text.printable(value), room)
  for i, line in ipairs(wrapped) do
    if i == limit and wrapped[i + 1] then
      self:add(indent, self:paint(layout.cut(line .. " " .. wrapped[i + 1], room), color))
      return
    end
    self:add(indent, self:paint(line, color))
  end
end

---@param title string
function Page:add_heading(title)
  self:add()
  self:add(self:paint(title, "bold"))
end

---Prints it.
function Page:write()
  cli.write(table.concat(self.lines, "\n") .. "\n")
end

local M = { COLUMNS = COLUMNS }

---@param opts table what was parsed
---@return mighost.cli.Page
function M.new(opts)
  return setmetatable({ lines = {}, use_color = cli.is_color(opts) }, Page)
end

---A value for one column: harmless, cut or filled up.
---@param value string
---@param columns integer
---@return string
function M.column(value, columns)
  return layout.pad(text.printable(value), columns)
end

---What calls of agents used, in words.
---@param spent mighost.Spending
---@return string
function M.spending(spent)
  local cost = spent.cost_usd and ("$%.2f, "):format(spent.cost_usd) or ""
  return ("%s%d tokens in %s"):format(cost, spent.tokens, prose.count(spent.calls, "call"))
end

---A time as a person reads it; another form than the usual one stays as it is.
---@param time string
---@return string
function M.brief_time(time)
  local date, clock = time:match("^(%d+%-%d%d%-%d%d)[T ](%d%d:%d%d)")
  return date and date .. " " .. clock or text.printable(time)
end

return M
