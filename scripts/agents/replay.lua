--- Answers from a recording: removes and writes the files that the recorded agent did, then prints
--- its answer.
--- It is a real child process, so that a replayed step takes the same path as any other.

local ANSWER_LIMIT <const> = 8 << 20

-- $1 the work dir, $2 the folder of files or "", then the paths to remove; the answer comes on
-- stdin.
local SCRIPT <const> = [[
set -eu
work=$1 files=$2
shift 2
for path; do rm -f -- "$work/$path"; done
if [ -n "$files" ]; then cp -R -- "$files/." "$work/"; fi
exec cat
]]

---@type mighost.Agent
return {
  needs_model = false,
  inherits_env = false,

  command = function(call)
    local recorded = call.recorded
    if not recorded then
      return nil, "the agent \"replay\" needs a recording"
    end
    local argv = { "sh", "-c", SCRIPT, "replay", call.work_dir, recorded.files or "" }
    table.move(recorded.removed, 1, #recorded.removed, #argv + 1, argv)
    return { argv = argv, env = {}, stdin = recorded.answer, writes = { call.work_dir } }
  end,

  answer = function(report)
    if report.signal or report.exit ~= 0 then
      return nil, "could not write the recorded files: "
        .. (report.stderr.last_line() or "no reason was given"), "broken"
    end
    return { text = report.stdout.text(ANSWER_LIMIT) }
  end,
}
