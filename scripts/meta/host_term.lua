---@meta host.term

--- The terminal that a person looks at.
--- Failures of the world are `nil, message, NAME`; wrong arguments raise.
---@class host.term
local term = {}

---@class host.term.State
local State = {}

--- Columns of the terminal behind a descriptor; where it is none, $COLUMNS, else 80.
---@param fd integer
---@return integer
function term.width(fd) end

---@param fd integer
---@return boolean
function term.is_tty(fd) end

--- Writes one line over the last one written so, cut to the width, control characters left out.
--- Does nothing where fd is not a terminal or a dumb one.
---@param fd integer
---@param text string
---@return true?
---@return string? message
---@return string? name
function term.live(fd, text) end

--- Takes the live line away: before anything else is printed.
---@param fd integer
---@return true?
---@return string? message
---@return string? name
function term.clear_live(fd) end

--- Saves the state of the controlling terminal; without one there is nothing to save or restore.
--- Closable: going out of scope restores it.
---@return host.term.State?
---@return string? message
---@return string? name
function term.save() end

--- Puts the state back, and ends what a killed program left on: alternate screen, hidden cursor,
--- mouse reports.
--- A second call does nothing.
---@return true?
---@return string? message
---@return string? name
function State:restore() end

return term
