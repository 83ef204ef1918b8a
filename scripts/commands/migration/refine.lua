--- Records your feedback on a plan and takes the one step that answers it.

local agent = require "cli.agent"
local cli = require "cli"
local mighost = require "mighost"
local progress = require "cli.progress"
local quote = require "lib.quote"

local STDIN <const> = "-"
local MOST <const> = 1 << 20 -- bytes of a file; what is too long for feedback is refused later
local MARK <const> = "\239\187\191" -- of a text's byte order, which is none of its words

local parser = cli.parser {
  name = "migration refine",
  summary = "Records your feedback on a plan and has an agent answer it in one step: a revision "
    .. "where there is a plan already, else the step that is due.  A ready plan is planned again "
    .. "from there.  With --adopt-pipeline the plan continues under its pipeline as it is now, if "
    .. "the steps taken so far lead somewhere in it; that alone needs no feedback and no agent.",
  example = {
    "mighost migration refine retire-the-old-parser \\\n"
      .. "      --message 'Keep the old entry points for one release.'",
    "mighost migration refine retire-the-old-parser --file remarks.md",
    "mighost migration refine retire-the-old-parser --adopt-pipeline",
  },
  json = true,
}
parser:argument("slug", "A slug, or the path of a migration.")
parser:mutex(
  parser:option("--message", "The feedback."):argname("TEXT"),
  parser:option("--file", "A file with the feedback; - is standard input."):argname("PATH")
)
parser:flag("--adopt-pipeline", "Continue under the pipeline as its file is now.")
parser:option("--pipeline", "With --adopt-pipeline: continue under this one instead.")
  :argname("NAME")
agent.add_choice(parser, "in the repository's root, prompt on its standard input, answer on its "
  .. "standard output.")
agent.add_limits(parser)
agent.add_recording(parser)

local opts, code = cli.parse(parser, { ... })
if not opts then
  return code
elseif opts.pipeline and not opts.adopt_pipeline then
  return cli.fail(opts, "migration refine: --pipeline goes with --adopt-pipeline", "EUSAGE",
    "mighost migration refine --help")
elseif not opts.message and not opts.file and not opts.adopt_pipeline then
  return cli.fail(opts, "migration refine: no feedback was given", "EUSAGE",
    "mighost migration refine SLUG --message TEXT")
end

---The feedback that was given; false where none was.
local function read_feedback()
  if not opts.message and not opts.file then
    return false
  elseif opts.message then
    return { text = opts.message, source = "message" }
  end
  local file, why = io.stdin, nil
  if opts.file ~= STDIN then
    file, why = io.open(opts.file, "rb")
  end
  local text
  if file then
    text, why = file:read(MOST)
  end
  if file and file ~= io.stdin then
    file:close()
  end
  if not text and why then
    local where = opts.file .. ": "
    return nil, "cannot read the feedback: "
      .. (why:sub(1, #where) == where and why or where .. why)
  end
  text = (text or ""):gsub("^" .. MARK, "")
  return { text = text, source = "file", path = opts.file ~= STDIN and opts.file or nil }
end

local project, message, name, fix = mighost.open(opts)
if not project then
  return cli.fail(opts, message, name, fix)
end
local feedback, unread = read_feedback()
if feedback == nil then
  return cli.fail(opts, unread, "EUSAGE")
end
local shown <close> = progress.new(opts)
local request = progress.attach(shown, agent.request(opts))
request.project, request.slug, request.feedback = project, opts.slug, feedback or nil
request.adopt, request.pipeline = opts.adopt_pipeline, opts.pipeline
local given = opts.message or opts.file
request.command = quote.words { "mighost", "migration", "refine", opts.slug,
  given and (opts.message and "--message" or "--file") or "--adopt-pipeline", given }
local result, why, errno, help = mighost.refine(request)
return progress.conclude(shown, result, why, errno, help)
