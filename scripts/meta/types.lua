---@meta mighost.types

--- Types for authors of stages, pipelines, rules and agents: what they write and what they get.
--- Never loaded: an editor with a Lua language server reads it.

----------------------------------------------------------------------------------------------------
-- What a migration is

---@alias mighost.Effort "low"|"medium"|"high"|"xhigh"
---@alias mighost.Status "planning"|"ready"|"in-progress"|"skipped"|"done"
---@alias mighost.Decision "approve-auto"|"approve-needs-human"|"reject"

--- One step of carrying a plan out.
---@class mighost.Phase
---@field name string  unique in the manifest
---@field file string  path inside the migration
---@field precondition string
---@field done boolean
---@field required_effort mighost.Effort|nil
---@field effort_reason string|nil
---@field extra table<string, any>  keys that mighost does not know, kept as they were read

--- manifest.json.  Times are ISO 8601, as written.
---@class mighost.Manifest
---@field name string
---@field status mighost.Status
---@field created_at string
---@field last_touch string
---@field wake_up_on string|nil
---@field cooldown_until string|nil
---@field awaiting_human_review boolean
---@field human_review_reason string|nil
---@field current_phase string  name of a phase, or ""
---@field phases mighost.Phase[]
---@field extra table<string, any>  keys that mighost does not know, kept as they were read

---@class mighost.CompletedStep
---@field name string
---@field completed_at string
---@field outcome string
---@field stdout string  path of the accepted output from the repository's root, as written
---@field agent string|nil
---@field model string|nil
---@field effort string|nil

---@class mighost.Feedback
---@field received_at string
---@field source "message"|"file"
---@field text string

--- .planning/state.json: every accepted step, and where they lead.
---@class mighost.State
---@field target string
---@field next_step string  the cursor: a stage or a terminal
---@field completed_steps mighost.CompletedStep[]
---@field started_at string
---@field updated_at string
---@field feedback mighost.Feedback[]
---@field review_findings string|nil  path of the output whose findings are to be answered
---@field final_decision mighost.Decision|nil
---@field final_reason string|nil
---@field revision_base_step_counts integer[]  after how many steps planning was reopened
---@field pipeline mighost.Pipeline|nil  recorded only when it is not mighost's own
---@field graph mighost.Pipeline  the one that this state follows; not written

----------------------------------------------------------------------------------------------------
-- stages/<name>.lua

--- A stage: the work that an agent is asked for, and the judgement of its answer.  It does no I/O.
---@class mighost.Stage
---@field name string  as the file
---@field outcomes string[]  what judge may return; the pipeline says where each leads
---@field needs? string[]  globs of files that an earlier stage must have produced
---@field produces? string[]  globs of files that must be there afterwards, none of them empty
---@field timeout? number  seconds for a whole answer; --timeout overrides it
---@field silence? number  seconds without output; --silence-timeout overrides it
---@field prompt fun(ctx: mighost.Context): string  the work and its output contract
---@field judge mighost.Judge
---@field examples? { text: string, outcome?: string }[]  no outcome: must be refused

--- Returns an outcome and optionally a reason; or nil and why the step fails.
---@alias mighost.Judge fun(answer: mighost.Answer, ctx: mighost.Context): string|nil, string|nil

--- What a stage sees; read-only.
---@class mighost.Context
---@field slug string
---@field target string
---@field step string
---@field visit integer  1 when this stage runs for the first time
---@field taste string|nil
---@field effort { label: mighost.Effort, budget: string|nil }
---@field repo_root string
---@field work_dir string  the only place where the agent may write
---@field live_dir string  the published migration, for reference
---@field plan string|nil  text of plan.md
---@field approaches { name: string, text: string }[]
---@field phases mighost.ContextPhase[]
---@field answers table<string, mighost.ContextAnswer>  the latest accepted output by stage
---@field feedback mighost.Feedback[]
---@field extra { review_findings?: string }  what a review found, until a revision answers it
---@field files fun(): string[]  paths of all files in the work dir, sorted
---@field read fun(path: string): string|nil, string|nil  a file of the work dir, at most 1 MiB

---@class mighost.ContextAnswer
---@field text string|nil
---@field reference string  its path from the repository's root
---@field outcome string

---@class mighost.ContextPhase
---@field name string
---@field file string
---@field precondition string
---@field done boolean
---@field required_effort mighost.Effort|nil
---@field effort_reason string|nil
---@field text string|nil

---@class mighost.Answer
---@field text string
---@field files string[]  paths that the agent added or changed in the work dir
---@field usage mighost.AgentUsage|nil  when the agent reports it

----------------------------------------------------------------------------------------------------
-- stages/pipeline.lua

--- A pipeline: the whole graph.  A cursor is the name of a stage or of a terminal.
---@class mighost.Pipeline
---@field name string
---@field start string
---@field edges table<string, table<string, string>>  stage -> outcome -> cursor; at most 500
---@field terminals table<string, mighost.Terminal>
---@field refine? { to: string, from: string[] }  where feedback takes a plan, from where
---@field max_visits? table<string, integer>  how often a stage may run between two reopenings
---@field file? string  filled in when it is read: the file's name in stages/

---@class mighost.Terminal
---@field status "ready"|"skipped"
---@field awaiting_human_review? boolean

----------------------------------------------------------------------------------------------------
-- rules/<name>.lua

---@alias mighost.Mode
---| "planning-snapshot"  # before and after each planning step
---| "ready-publish"      # before a plan becomes executable
---| "execution-gate"     # before a phase runs
---| "doctor"

--- A rule: says what is wrong with a migration.
---@class mighost.Rule
---@field modes mighost.Mode[]
---@field check fun(m: mighost.View, report: fun(finding: mighost.Report))

--- What a rule reports.
---@class mighost.Report
---@field severity "info"|"warning"|"error"  only an error blocks
---@field code string
---@field message string  one line
---@field path? string  inside the migration; default: manifest.json

--- What a rule sees: one migration, read-only.  Paths count from the migration's directory.
---@class mighost.View
---@field slug string
---@field mode mighost.Mode
---@field staged boolean  whether this is a copy whose directory has another name
---@field is_executable boolean  whether its plan is being executed or is about to be
---@field manifest mighost.Manifest
---@field state mighost.State|nil
---@field state_problem mighost.StateProblem|nil  why there is no state
---@field files fun(): string[]  paths of everything that is not a directory, sorted
---@field phase_docs fun(): mighost.PhaseDoc[]  entries named like phase files, whatever they are
---@field stat fun(path: string): mighost.ViewStat|nil  nil where nothing is
---@field read fun(path: string): string|nil, string|nil  UTF-8 text, at most 1 MiB; or why not

---@class mighost.StateProblem
---@field is_missing boolean
---@field message string

---@class mighost.ViewStat
---@field kind "file"|"directory"|"symlink"|"other"  of the entry itself
---@field size integer
---@field exists boolean  whether anything is there once links are followed
---@field escapes boolean  whether a link on the way or at the end leads out of the migration

--- An entry whose name is `phase-<digits>-<name>.md`.
---@class mighost.PhaseDoc
---@field file string
---@field index string  its digits without leading zeros, "0" at least
---@field name string

--- A report as commands show it.
---@class mighost.Finding
---@field slug string
---@field severity "info"|"warning"|"error"
---@field mode mighost.Mode
---@field code string
---@field path string
---@field message string

----------------------------------------------------------------------------------------------------
-- agents/<name>.lua

--- An agent: how a call becomes a process, and how what it printed becomes an answer.
---@class mighost.Agent
---@field needs_model boolean
---@field inherits_env boolean  whether it gets the caller's whole environment
---@field passes? string[]  further variables that it gets; `X_*` is every one that begins with `X_`
---@field attached? boolean  a person answers: it gets the terminal, nothing is limited or captured
---@field secrets? string[]  names of environment variables whose values are kept out of every log
---@field command fun(call: mighost.AgentCall): mighost.AgentCommand|nil, string|nil
---@field answer mighost.AgentReader
---@field interactive? fun(call: mighost.AgentCall): mighost.AgentCommand|nil, string|nil

--- Returns the answer; or nil, why there is none, the kind of failure, and what else is known.
---@alias mighost.AgentReader
---| fun(report: mighost.AgentReport): mighost.AgentAnswer?, string?, mighost.AgentTrouble?,
---| mighost.AgentFailure?

---@alias mighost.AgentTrouble "rate-limited"|"auth"|"refused"|"empty"|"broken"

---@class mighost.AgentCall
---@field role string  e.g. "planning.expand"
---@field stage string
---@field visit integer
---@field slug string
---@field prompt string
---@field prompt_file string  a file with the prompt
---@field model string|nil
---@field effort mighost.Effort
---@field edit string|nil  the one file that is to be edited, where there is one
---@field work_dir string
---@field live_dir string
---@field repo_root string
---@field artifacts string  a folder for logs and files of this call
---@field temp string|nil  a temporary folder of its own, TMPDIR of the program; nil: unconfined
---@field env table<string, string>  what the program gets, but for what its adapter adds
---@field timeout number  seconds
---@field agent_command string|nil  the words of --agent-command

---@class mighost.AgentCommand
---@field argv string[]
---@field env? table<string, string>
---@field stdin? string
---@field writes? string[]  folders that it may write in; made if missing
---@field updates? string[]  files that it may write if they exist
---@field settings? (string|mighost.AgentSettings)[]  its own settings: put back after the call
---@field files? table<string, string>  files it is told to write, directly in `artifacts` or `temp`

--- Settings in a JSON file that the program itself writes all the time.
---@class mighost.AgentSettings
---@field path string  absolute
---@field keys string[][]  where they are, key by key; "*" for every key of an object

---@class mighost.AgentReport
---@field exit integer|nil
---@field signal integer|nil
---@field ended_by "timeout"|"silence"|"output"|"interrupt"|nil
---@field stdout mighost.AgentOutput
---@field stderr mighost.AgentOutput
---@field files table<string, mighost.AgentOutput>  what the program was told to write

---@class mighost.AgentOutput
---@field lines fun(): fun(): string|nil  each cut at 16 MiB
---@field read fun(size: integer): string|nil
---@field text fun(max: integer): string
---@field last_line fun(): string|nil  not blank, at most 200 bytes
---@field bytes integer

---@class mighost.AgentAnswer
---@field text string
---@field usage? mighost.AgentUsage

---@class mighost.AgentFailure
---@field usage? mighost.AgentUsage
---@field retry_at? number  when a limit ends, seconds since 1970

--- What a call used, as far as the agent reports it.
---@class mighost.AgentUsage
---@field input_tokens? integer
---@field output_tokens? integer
---@field cache_creation_tokens? integer
---@field cache_read_tokens? integer
---@field total_tokens? integer  if it does not report them separately
---@field cost_usd? number
