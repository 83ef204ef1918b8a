--- Planning without a model: `--with human` opens `$VISUAL`, else `$EDITOR`, else vi, on a file for
--- the answer with the prompt beside it.  What the file holds when the editor ends is the answer.

local ANSWER_LIMIT <const> = 8 << 20

-- As git does, so that an editor may have arguments.  $1 is the answer's file, $2 the prompt's.
local SCRIPT <const> = [[eval "exec ${VISUAL:-${EDITOR:-vi}} \"\$@\""]]

local function open_editor(call)
  local answer = call.edit or call.artifacts .. "/your-answer.md"
  return {
    argv = { "sh", "-c", SCRIPT, "human", answer, call.prompt_file },
    writes = { call.work_dir, call.artifacts },
    files = { answer = answer },
  }
end

---@type mighost.Agent
return {
  needs_model = false,
  inherits_env = true,
  attached = true,
  command = open_editor,
  interactive = open_editor,

  answer = function(report)
    local text = report.files.answer.text(ANSWER_LIMIT + 1)
    if not text:find("%S") then
      return nil, "wrote no answer into the file that was opened", "empty"
    end
    return { text = text }
  end,
}
