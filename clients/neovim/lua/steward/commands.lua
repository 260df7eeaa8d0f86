--- What a person can ask for: `:Steward` and its words.

local messages = require('steward.messages')
local page = require('steward.page')
local questions = require('steward.questions')
local server = require('steward.server')

local M = {}

---@class steward.Run
---@field id string
---@field agent string
---@field goal string
---@field state string
---@field startedAt string
---@field cost string

---@class steward.Command
---@field run fun(words: string, command: vim.api.keyset.create_user_command.command_args)
---@field words? string[]

--- States in which a run has nothing left to cancel.
local finished = { finished = true, failed = true, cancelled = true }

---@param name string
---@param command string
---@param argument? table
local function show_page(name, command, argument)
  server.execute(command, argument, function(result)
    page.show(name, result.markdown)
  end)
end

--- Let the person pick a run.
---@param prompt string
---@param is_wanted fun(run: steward.Run): boolean
---@param done fun(run: steward.Run)
local function pick_run(prompt, is_wanted, done)
  server.execute('steward.runs', nil, function(runs)
    local wanted = vim.tbl_filter(is_wanted, runs)
    if #wanted == 0 then
      messages.info('there is no such run.')
      return
    end
    local options = {
      prompt = prompt,
      format_item = function(run)
        return ('%s (%s, %s)'):format(run.goal, run.state, run.cost)
      end,
    }
    vim.ui.select(wanted, options, function(run)
      if run then
        done(run)
      end
    end)
  end)
end

---@param first integer
---@param last integer
---@return string
local function suggested_goal(first, last)
  local found = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(0)) do
    if diagnostic.lnum >= first and diagnostic.lnum <= last then
      found[#found + 1] = 'Fix: ' .. diagnostic.message:gsub('%s+', ' ')
    end
  end
  return table.concat(found, '; ')
end

---@param goal string
---@param uri string
---@param first integer
---@param last integer
local function start_fix(goal, uri, first, last)
  server.execute('steward.agent.run', {
    agent = 'fix',
    goal = goal,
    uri = uri,
    range = { start = { line = first, character = 0 }, ['end'] = { line = last, character = 0 } },
  })
end

---@param words string
---@param command vim.api.keyset.create_user_command.command_args
local function fix(words, command)
  if vim.bo.buftype ~= '' or vim.api.nvim_buf_get_name(0) == '' then
    messages.info('open the file that the agent should fix.')
    return
  end
  local uri, first, last = vim.uri_from_bufnr(0), command.line1 - 1, command.line2 - 1
  if words ~= '' then
    start_fix(words, uri, first, last)
    return
  end
  local options = { prompt = 'What should be different? ', default = suggested_goal(first, last) }
  vim.ui.input(options, function(goal)
    if goal and vim.trim(goal) ~= '' then
      start_fix(vim.trim(goal), uri, first, last)
    end
  end)
end

local function stop()
  local function is_under_way(run)
    return not finished[run.state]
  end
  pick_run('Steward: stop which run?', is_under_way, function(run)
    server.execute('steward.run.cancel', { runId = run.id }, function(result)
      messages.info(('the run is %s. What was landed stays.'):format(result.state))
    end)
  end)
end

local function list_runs()
  server.execute('steward.runs', nil, function(runs)
    local lines = { '# Runs', '' }
    for _, run in ipairs(runs) do
      local started = run.startedAt:sub(1, 16):gsub('T', ' ')
      local told = { run.goal, run.agent, run.state, run.cost, started }
      lines[#lines + 1] = ('- %s (%s, %s, %s, started %s UTC)'):format(unpack(told)):gsub('%s+', ' ')
    end
    if #runs == 0 then
      lines[#lines + 1] = 'None yet. `:Steward fix` starts one.'
    end
    page.show('runs', table.concat(lines, '\n'))
  end)
end

local function show_run()
  local function any()
    return true
  end
  pick_run('Steward: show which run?', any, function(run)
    show_page('run/' .. run.id, 'steward.run.show', { runId = run.id })
  end)
end

local function show_questions()
  local here = #questions.all()
  questions.show()
  -- Questions that another window asked, or that outlived the server, are known to the server only.
  server.execute('steward.questions.show', nil, function(result)
    if here == 0 and result.openQuestions == 0 and require('steward.status').question_count() == 0 then
      messages.info('no question waits for you.')
    end
  end)
end

local function show_status()
  server.execute('steward.status', nil, function(status)
    status.reason = status.reason ~= vim.NIL and status.reason or nil
    page.show('status', require('steward.status').page(status))
  end)
end

---@type table<string, steward.Command>
local commands = {
  fix = { run = fix },
  run = { run = fix },
  stop = { run = stop },
  runs = { run = list_runs },
  show = { run = show_run },
  questions = { run = show_questions },
  usage = {
    run = function()
      show_page('usage', 'steward.usage')
    end,
  },
  audit = {
    run = function()
      show_page('audit', 'steward.audit')
    end,
  },
  status = { run = show_status },
  ghost = {
    run = function(words)
      require('steward.ghost').switch(words ~= '' and words or nil)
    end,
    words = { 'on', 'off' },
  },
  restart = {
    run = function(_, command)
      server.restart(command.bang)
    end,
  },
  log = {
    run = function()
      page.show('log', require('steward.log').page())
    end,
  },
}

---@return string[]
local function names()
  local found = vim.tbl_keys(commands)
  table.sort(found)
  return found
end

--- Run `:Steward …`; without a word, show the status.
---@param command vim.api.keyset.create_user_command.command_args
function M.run(command)
  local name, words = command.args:match('^(%S*)%s*(.-)%s*$')
  local wanted = commands[name == '' and 'status' or name]
  if wanted == nil then
    messages.warn(('there is no %q. There are: %s.'):format(name, table.concat(names(), ', ')))
    return
  end
  wanted.run(words, command)
end

--- What may stand next on the command line.
---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  local name = line:match('Steward!?%s+(%S+)%s')
  local words = name and (commands[name] and commands[name].words or {}) or names()
  return vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, words)
end

return M
