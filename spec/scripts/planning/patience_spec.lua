local patience = require "planning.patience"
local sys = require "host.sys"

--- Answers in turn; a string is a failure of that kind, the last one is repeated.
local function agent(replies)
  local made = { asked = 0, prepared = 0, events = {} }
  function made.ask()
    made.asked = made.asked + 1
    local reply = replies[math.min(made.asked, #replies)]
    if type(reply) == "string" then
      return nil, "no: " .. reply, "EAGENT", { trouble = reply, retry_at = replies.retry_at }
    end
    return reply
  end
  function made.prepare()
    made.prepared = made.prepared + 1
    if replies.broken then
      return nil, "cannot be put back", "EIO"
    end
    return true
  end
  function made.notify(event)
    if event.kind == "pausing" then
      table.insert(made.events, event)
    end
  end
  return made
end

local function ask(budget, made)
  return patience.ask(budget, made.ask, made.prepare, made.notify)
end

describe("planning.patience", function()
  it("asks again after a wait that its budget allows", function()
    local made = agent { "rate-limited", { text = "said" } }
    local before = sys.monotonic()
    assert.equal("said", ask(1, made).text)
    assert.is_true(sys.monotonic() - before >= 1)
    assert.same({ 2, 1, { { kind = "pausing", seconds = 1, text = "no: rate-limited" } } },
      { made.asked, made.prepared, made.events })
  end)

  it("gives up when the budget is spent, or does not reach to the end of the limit", function()
    local made = agent { "rate-limited" }
    local _, message, name = ask(1, made)
    assert.same({ "no: rate-limited", "EAGENT", 2 }, { message, name, made.asked })
    made = agent { "rate-limited", retry_at = sys.now() + 100 }
    assert.equal("no: rate-limited", (select(2, ask(50, made))))
    assert.equal(1, made.asked)
    made = agent { "rate-limited" }
    ask(0, made)
    assert.equal(1, made.asked)
  end)

  it("waits until a limit ends that is told", function()
    local made = agent { "rate-limited", { text = "said" }, retry_at = sys.now() - 5 }
    assert.equal("said", ask(50, made).text)
    assert.equal(1, made.events[1].seconds)
  end)

  it("repeats no other failure", function()
    for _, kind in ipairs { "auth", "refused", "empty", "broken" } do
      local made = agent { kind, { text = "said" } }
      assert.equal("no: " .. kind, (select(2, ask(50, made))))
      assert.equal(1, made.asked)
    end
  end)

  it("does not ask where the next call could not be prepared", function()
    local made = agent { "rate-limited", { text = "said" }, broken = true }
    local _, message, name = ask(1, made)
    assert.same({ "cannot be put back", "EIO", 1 }, { message, name, made.asked })
  end)
end)
