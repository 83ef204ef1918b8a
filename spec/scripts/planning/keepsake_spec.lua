local keepsakes = require "planning.keepsake"
local sh = require "spec.support.sh"
local tmp = require "spec.support.tmp"

local GROW <const> = [[
mkdir -p kept/sub/empty; echo one >kept/one; echo two >kept/sub/two; chmod 755 kept/one
chmod 700 kept/sub; echo far >far; ln -s ../far kept/link; mkdir away; echo x >away/x
ln -s "$PWD/away" kept/folder; ln -s /nowhere kept/dangling; echo alone >alone; echo other >other
]]

local function grow()
  local dir = tmp.dir()
  sh.check { argv = { "sh", "-euc", GROW }, cwd = dir.path }
  return dir
end

--- What is there, with permissions, contents and where links lead.
local function picture(dir)
  return sh.check { argv = { "sh", "-euc", [[find . -mindepth 1 ! -path './evidence*' \
    -printf '%P %y %m\n' | sed 's/ l 777$/ l/' | sort
    find . -type f ! -path './evidence*' -print -exec cat {} \; | sort
    find . -type l ! -path './evidence*' -print -exec realpath -m {} \; | sort]] }, cwd = dir.path }
end

local function take(dir)
  return keepsakes.take {
    { path = dir:join "kept", label = "kept" }, { path = dir:join "alone", label = "alone" },
    { path = dir:join "later", label = "later", own = true },
  }
end

describe("planning.keepsake", function()
  for script, expected in pairs {
    ["true"] = {},
    ["touch kept/one; cp kept/one x; mv x kept/one; echo other >other"] = {},
    ["echo 1 >kept/one"] = { "kept/one changed" },
    ["chmod 644 kept/one"] = { "kept/one mode" },
    ["chmod 755 kept/sub"] = { "kept/sub mode" },
    ["rm kept/one"] = { "kept/one removed" },
    ["rm kept/one; mkdir kept/one; echo x >kept/one/x"] = { "kept/one changed" },
    ["echo new >kept/new; mkfifo kept/pipe"] = { "kept/new added", "kept/pipe added" },
    ["mkdir -p kept/new/er; echo x >kept/new/er/x"] = { "kept/new added" },
    ["rm -r kept/sub"] = { "kept/sub removed" },
    ["rm -r kept/sub; echo x >kept/sub"] = { "kept/sub changed" },
    ["rm -r kept"] = { "kept removed" },
    ["mv kept/sub x; cp -a x kept/sub; rm -r x; echo 2 >kept/sub/two; echo 3 >kept/sub/three"] = {
      "kept/sub/three added", "kept/sub/two changed" },
    ["ln -sfn ../other kept/link"] = { "kept/link changed" },
    ["rm kept/link; cp far kept/link"] = { "kept/link changed" },
    ["echo changed >kept/link"] = { "far changed" },
    ["echo changed >kept/folder/x"] = { "away/x changed" },
    ["echo new >kept/folder/new"] = { "away/new added" },
    ["rm kept/folder; mkdir kept/folder"] = { "kept/folder changed" },
    ["ln -sf ../other alone; echo x >later"] = { "alone changed", "later added" },
  } do
    it("tells and puts back: " .. script, function()
      local dir <close> = grow()
      local before, kept = picture(dir), take(dir)
      sh.check { argv = { "sh", "-euc", script }, cwd = dir.path }
      local changes, told = kept:changes(), {}
      for index, change in ipairs(changes) do
        told[index] = ("%s %s"):format(change.path:sub(#dir.path + 2), change.how)
      end
      assert.same(expected, told)
      kept:put_back(changes, dir:join "evidence")
      for _, change in ipairs(changes) do
        assert.is_true(change.restored, change.problem)
      end
      assert.same({}, kept:changes())
      assert.equal(#expected > 0 and before or picture(dir), picture(dir))
    end)
  end

  it("keeps what stood there as evidence", function()
    local dir <close> = grow()
    local kept = take(dir)
    dir:write("kept/one", "evil")
    kept:put_back(kept:changes(), dir:join "evidence")
    assert.equal("evil", dir:read "evidence/escaped/1-one")
  end)

  it("says of what, and whether it shrank or is the agent's own", function()
    local dir <close> = grow()
    local kept = take(dir)
    sh.check { argv = { "sh", "-euc", ": >kept/one; echo x >later" }, cwd = dir.path }
    local changes = kept:changes()
    assert.same({ "kept", true, "later", true }, { changes[1].label, changes[1].shrunk,
      changes[2].label, changes[2].own })
  end)

  it("tells that something could not be put back", function()
    local dir <close> = grow()
    local kept = take(dir)
    sh.check { argv = { "sh", "-euc", "rm kept/one" }, cwd = dir.path }
    local changes = kept:changes()
    kept.kept[changes[1].path].text = nil -- as of a file that was too large
    kept:put_back(changes)
    assert.is_nil(changes[1].restored)
    assert.matches("too large", changes[1].problem)
  end)
end)
