local brought = require "spec.support.brought"
local records = require "project.trust_record"
local sh = require "spec.support.sh"
local sys = require "host.sys"

local RECORD <const> = { texts = "pack 1\n", since = "2026-11-22T18:00:00.000+00:00" }

local function mode(path)
  return (sh.check { argv = { "stat", "-c", "%a", path } }:gsub("%s", ""))
end

describe("project.trust_record", function()
  local theirs, project

  before_each(function()
    theirs = brought.new()
    project = theirs:open()
  end)

  after_each(function()
    theirs:close()
  end)

  local function file()
    return project.state_home .. "/" .. records.locate(project)
  end

  it("is read as it was written, in a file that is the user's alone", function()
    assert.is_false(records.read(project))
    sh.check { argv = { "mkdir", "-p", theirs.home:join("state") } }
    assert.is_true(records.write(project, RECORD))
    assert.same(RECORD, records.read(project))
    assert.equal("600", mode(file()))
    assert.equal("700", mode(project.state_home .. "/trust"))
    assert.is_true(records.write(project, { texts = "other", since = "x" }))
    assert.equal("other", records.read(project).texts)
  end)

  it("is one for each repository and each project in it", function()
    local here = records.locate(project)
    assert.matches("^trust/" .. ("%x"):rep(32) .. "$", here)
    assert.equal(here, records.locate { common = project.common, prefix = project.prefix })
    assert.not_equal(here, records.locate { common = project.common, prefix = "sub/" })
    assert.not_equal(here, records.locate { common = project.common .. "s", prefix = "" })
    assert.not_equal(records.locate { common = "/a", prefix = "b/" },
      records.locate { common = "/ab", prefix = "/" })
  end)

  it("does not count where others could have written it", function()
    assert(records.write(project, RECORD))
    for _, path in ipairs { file(), project.state_home .. "/trust", project.state_home } do
      sh.check { argv = { "chmod", "o+w", path } }
      local record, message, name, fix = records.read(project)
      assert.is_nil(record)
      assert.equal("others could change the record of what you trust: " .. path
        .. " may be written by everyone", message)
      assert.same({ "EUNTRUSTED", "chmod o-w " .. path }, { name, fix })
      sh.check { argv = { "chmod", "o-w", path } }
    end
    assert.is_table(records.read(project))
  end)

  it("does not count where it is another user's", function()
    if sys.user().uid ~= 0 then
      pending("only root can give files away")
    end
    assert(records.write(project, RECORD))
    sh.check { argv = { "chown", "12345", file() } }
    local record, message, name = records.read(project)
    assert.is_nil(record)
    assert.matches("belongs to another user %(12345%)", message)
    assert.equal("EUNTRUSTED", name)
    sh.check { argv = { "chown", "0", file() } }
    sh.check { argv = { "chown", "12345", project.state_home .. "/trust" } }
    assert.is_nil((records.read(project)))
    assert.equal("EUNTRUSTED", select(3, records.write(project, RECORD)))
  end)

  it("does not count where it is damaged, a link, or another project's", function()
    assert(records.write(project, RECORD))
    local path = file()
    local name = path:match("[^/]*$")
    local text = theirs.home:read("state/mighost/trust/" .. name)
    for _, damaged in ipairs { "", "x", text:sub(1, -2), text .. "x",
      (text:gsub(project.common:gsub("%p", "%%%0"), ("x"):rep(#project.common))) } do
      theirs.home:write("state/mighost/trust/" .. name, damaged)
      local record, message, code, fix = records.read(project)
      assert.is_nil(record)
      assert.equal("the record of what you trust cannot be read: " .. path, message)
      assert.same({ "EUNTRUSTED", "rm " .. path }, { code, fix })
    end
    -- A project in a folder of the same repository has a record of its own.
    local nested = { common = project.common, prefix = "sub/", state_home = project.state_home }
    assert(records.write(nested, RECORD))
    local other = theirs.home:read("state/mighost/" .. records.locate(nested))
    theirs.home:write("state/mighost/trust/" .. name, other)
    assert.equal("EUNTRUSTED", select(3, records.read(project)))
    assert.is_true(records.remove(nested))
    os.remove(path)
    theirs.home:write("real", text)
    theirs.home:symlink("../../../real", "state/mighost/trust/" .. name)
    assert.equal("ELOOP", select(3, records.read(project)))
    assert.is_true(records.write(project, RECORD)) -- replaces the link
    assert.same(RECORD, records.read(project))
    assert.equal(text, theirs.home:read("real"))
  end)

  it("is gone once it is removed", function()
    assert.is_false(records.remove(project))
    assert(records.write(project, RECORD))
    assert.is_true(records.remove(project))
    assert.is_false(records.read(project))
    assert.is_false(records.remove(project))
  end)

  it("says what keeps it from being read or written", function()
    theirs.home:write("state/mighost", "a file")
    assert.equal("ENOTDIR", select(3, records.read(project)))
    assert.equal("ENOTDIR", select(3, records.write(project, RECORD)))
    assert.equal("ENOTDIR", select(3, records.remove(project)))
  end)
end)
