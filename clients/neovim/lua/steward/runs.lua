--- Runs as a person sees them: listed, read, ended, resumed, and what they were granted.

local messages = require('steward.messages')
local page = require('steward.page')
local server = require('steward.server')

local M = {}

---@class steward.Run
---@field id string
---@field agent string
---@field goal string
---@field state string
---@field startedAt string
---@field cost string
---@field capped? string The limit at which it ended; older servers do not say.
---@field undone? 'no'|'partly'|'yes'
---@field context? steward.Context

---@class steward.Grant
---@field id string
---@field runId string
---@field tool string
---@field subject string
---@field isOver boolean
---@field isDenial? boolean

--- States in which a run has nothing left to cancel.
local ended = { finished = true, failed = true, cancelled = true }

--- The limit at which a run ended → how more of it is asked for and given.
---@type table<string, { what: string, name: string }>
local limits = {
  cost = { what = 'US dollars', name = 'costLimitUsd' },
  tokens = { what = 'tokens', name = 'tokenLimit' },
  steps = { what = 'calls of the model', name = 'stepLimit' },
  time = { what = 'minutes at work', name = 'minutes' },
}

--- Let the person pick a run.
---@param prompt string
---@param is_wanted fun(run: steward.Run): boolean
---@param done fun(run: steward.Run)
local function pick(prompt, is_wanted, done)
  server.execute('steward.runs', nil, function(runs)
    local wanted = vim.tbl_filter(is_wanted, runs)
    if #wanted == 0 then
      messages.info('there is no such run.')
      return
    end
    local options = {
      prompt = prompt,
      format_item = function(run)
        -- On one line: a second one would pass for another entry.
        return (('%s (%s, %s, %s)'):format(run.goal, run.agent, run.state, run.cost):gsub('%s+', ' '))
      end,
    }
    vim.ui.select(wanted, options, function(run)
      if run then
        done(run)
      end
    end)
  end)
end

---@return boolean
local function any()
  return true
end

--- Let the person pick any run.
---@param prompt string
---@param done fun(run: steward.Run)
function M.pick(prompt, done)
  pick(prompt, any, done)
end

---@param run steward.Run
---@return boolean
function M.is_under_way(run)
  return not ended[run.state]
end

--- Cancel this run.
---@param run steward.Run
function M.end_now(run)
  server.execute('steward.run.cancel', { runId = run.id }, function(result)
    messages.info(('the run is %s. What was landed stays.'):format(result.state))
  end)
end

--- Cancel a run that the person picks.
function M.cancel()
  pick('Steward: cancel which run?', M.is_under_way, M.end_now)
end

---@param run steward.Run
---@param limit? table<string, number>
local function take_up(run, limit)
  local argument = vim.tbl_extend('error', { runId = run.id }, limit or {})
  server.execute('steward.run.resume', argument, function(result)
    messages.info(('the run goes on; it is %s.'):format(result.state))
  end)
end

---@param run steward.Run
---@param limit { what: string, name: string }
local function raise(run, limit)
  local options = { prompt = ('It reached its limit. New limit, in %s: '):format(limit.what) }
  vim.ui.input(options, function(typed)
    local number = tonumber(typed)
    if number then
      take_up(run, { [limit.name] = number })
    elseif typed and typed ~= '' then
      messages.warn(('%q is no number; the run was not resumed.'):format(typed))
    end
  end)
end

---@param run steward.Run
---@return boolean
function M.can_go_on(run)
  return ended[run.state] == true and (run.state ~= 'finished' or (run.capped or '') ~= '')
end

--- Let this run go on; where it came to a limit, with more of that.
---@param run steward.Run
function M.go_on(run)
  local limit = limits[run.capped]
  if limit then
    raise(run, limit)
  else
    take_up(run)
  end
end

--- Let a run that the person picks go on.
function M.resume()
  pick('Steward: resume which run?', M.can_go_on, M.go_on)
end

--- What is undone of a run, and how full its conversation is; older servers say neither.
---@param run steward.Run
---@return string
local function beyond(run)
  local told = { yes = ', undone', partly = ', partly undone' }
  return (told[run.undone] or '') .. require('steward.status').fullness(run.context)
end

--- Show the newest runs, and let one be picked there.
local function list()
  server.execute('steward.runs', nil, function(runs)
    local lines = { '# Runs (<CR> on one: what can be done with it)', '' }
    local before = #lines
    for _, run in ipairs(runs) do
      local started = run.startedAt:sub(1, 16):gsub('T', ' ')
      local told = { run.goal, run.agent, run.state, run.cost, started, beyond(run) }
      lines[#lines + 1] = ('- %s (%s, %s, %s, started %s UTC%s)'):format(unpack(told)):gsub('%s+', ' ')
    end
    if #runs == 0 then
      lines[#lines + 1] = 'None yet. `:Steward agent` starts one.'
    end
    page.show('runs', table.concat(lines, '\n'))
    vim.keymap.set('n', '<CR>', function()
      require('steward.run_actions').offer_line(runs[vim.fn.line('.') - before])
    end, { buffer = true, nowait = true, desc = 'Steward: what can be done with the run' })
  end)
end

--- Show the newest runs; with "pick", choose one and what is done with it.
---@param words string
function M.list(words)
  if words == 'pick' then
    require('steward.run_actions').pick()
  else
    list()
  end
end

--- Show this run's course.
---@param run steward.Run
function M.show(run)
  page.of('run/' .. run.id, 'steward.run.show', { runId = run.id })
end

--- Show the course of a run that the person picks.
function M.trace()
  pick('Steward: show which run?', any, M.show)
end

--- Show what this run sent to models.
---@param run steward.Run
function M.show_sent(run)
  page.of('sent/' .. run.id, 'steward.run.sent', { runId = run.id })
end

--- Show what a run that the person picks sent to models.
function M.sent()
  pick('Steward: what did which run send?', any, M.show_sent)
end

---@param grant steward.Grant
---@return string
local function worded(grant)
  if grant.tool == '' then
    return grant.subject
  end
  -- What is called without arguments has nothing to add to its name.
  local has_subject = grant.subject ~= '' and grant.subject ~= '{}'
  local subject = has_subject and ' on ' .. grant.subject or ''
  return ('%s%s'):format(grant.tool, subject)
end

--- Hand on what was granted, or refused, each with the goal of its run.
---@param what 'grants'|'denials'
---@param done fun(found: steward.Grant[], goals: table<string, string>)
local function with_all(what, done)
  server.execute('steward.run.' .. what, nil, function(found)
    server.execute('steward.runs', nil, function(runs)
      local goals = {}
      for _, run in ipairs(runs) do
        goals[run.id] = run.goal
      end
      done(found, goals)
    end)
  end)
end

---@param what 'grants'|'denials'
---@param title string
---@param none string
local function show_all(what, title, none)
  with_all(what, function(found, goals)
    local lines = { '# ' .. title, '' }
    for _, grant in ipairs(found) do
      local told = { worded(grant), grant.isOver and 'over' or 'in force', goals[grant.runId] or grant.runId }
      lines[#lines + 1] = ('- `%s` (%s, %s)'):format(unpack(told)):gsub('%s+', ' ')
    end
    lines[#lines + 1] = #found == 0 and none or nil
    page.show(what, table.concat(lines, '\n'))
  end)
end

--- Show what runs were granted for the rest of their time.
function M.grants()
  show_all('grants', 'Grants', 'No run was granted anything.')
end

--- Show what was refused, and is denied to all agents of the run.
function M.denials()
  show_all('denials', 'Refusals', 'Nothing was refused in a run.')
end

---@param grant steward.Grant
local function take_back(grant)
  local argument = { runId = grant.runId, grantId = grant.id }
  server.execute('steward.run.revoke', argument, function()
    messages.info(('%s is asked about again.'):format(worded(grant)))
  end)
end

--- Take back a grant or a refusal that the person picks; it counts from the next call on.
---@param is_wanted fun(grant: steward.Grant): boolean
local function revoke(is_wanted)
  with_all('grants', function(grants, goals)
    with_all('denials', function(denials)
      -- A refusal holds as long as its run is kept; those of the newest runs are in question.
      denials = vim.iter(denials):rev():filter(function(denial)
        return goals[denial.runId] ~= nil
      end):totable()
      for _, denial in ipairs(denials) do
        denial.isDenial = true
      end
      local standing = vim.tbl_filter(function(grant)
        return not grant.isOver and is_wanted(grant)
      end, vim.list_extend(grants, denials))
      if #standing == 0 then
        messages.info('no grant and no refusal is in force.')
        return
      end
      local options = {
        prompt = 'Steward: take back which grant or refusal?',
        format_item = function(grant)
          local kind = grant.isDenial and 'refused' or 'granted'
          local told = { kind, worded(grant), goals[grant.runId] or grant.runId }
          return (('%s: %s (%s)'):format(unpack(told)):gsub('%s+', ' '))
        end,
      }
      vim.ui.select(standing, options, function(grant)
        if grant then
          take_back(grant)
        end
      end)
    end)
  end)
end

--- Take back a grant or a refusal of any run.
function M.revoke()
  revoke(any)
end

--- Take back a grant or a refusal of this run.
---@param run steward.Run
function M.revoke_in(run)
  revoke(function(grant)
    return grant.runId == run.id
  end)
end

return M
