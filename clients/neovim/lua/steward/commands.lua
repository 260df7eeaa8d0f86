--- What a person can ask for: `:Steward` and its words.

local messages = require('steward.messages')
local page = require('steward.page')
local questions = require('steward.questions')
local server = require('steward.server')

local M = {}

---@class steward.Command
---@field run fun(words: string, command: vim.api.keyset.create_user_command.command_args)
---@field words? string[]|fun(words: string[]): string[] What may come next; of what stands there.

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
    local shown = require('steward.status')
    page.show('status', shown.page(shown.without_nulls(status)))
  end)
end

--- A part of ours that is loaded when it is first needed.
---@param part string
---@param name string
---@return fun(words: string, command: vim.api.keyset.create_user_command.command_args)
local function later(part, name)
  return function(words, command)
    require('steward.' .. part)[name](words, command)
  end
end

---@param name string
---@return fun()
local function page_of(name)
  return function()
    page.of(name, 'steward.' .. name)
  end
end

---@type table<string, steward.Command>
local commands = {
  agent = {
    run = later('agents', 'run'),
    words = function(words)
      return require('steward.agents').words(words)
    end,
  },
  chat = {
    run = later('chat', 'run'),
    words = function(words)
      return require('steward.chat').words(words)
    end,
  },
  commit = { run = later('drafts', 'commit') },
  pr = { run = later('drafts', 'pull_request') },
  extension = {
    run = later('extensions', 'run'),
    words = function(words)
      return require('steward.extensions').words(words)
    end,
  },
  feedback = { run = later('feedback', 'run'), words = { 'answer', 'run', 'suggestion' } },
  fix = { run = later('agents', 'fix') },
  run = { run = later('agents', 'fix') },
  trust = { run = later('agents', 'trust') },
  runs = { run = later('runs', 'list'), words = { 'pick' } },
  trace = { run = later('runs', 'trace') },
  show = { run = later('runs', 'trace') },
  cancel = { run = later('runs', 'cancel') },
  stop = { run = later('runs', 'cancel') },
  resume = { run = later('runs', 'resume') },
  sent = { run = later('runs', 'sent') },
  grants = { run = later('runs', 'grants') },
  denials = { run = later('runs', 'denials') },
  revoke = { run = later('runs', 'revoke') },
  changes = { run = later('changes', 'show'), words = { 'list' } },
  undo = { run = later('changes', 'undo') },
  redo = { run = later('changes', 'redo') },
  keep = { run = later('keep', 'choose') },
  why = { run = later('look', 'why') },
  instructions = { run = later('look', 'instructions') },
  mcp = { run = later('look', 'mcp') },
  plan = { run = later('progress', 'show') },
  questions = { run = show_questions },
  usage = { run = page_of('usage') },
  audit = { run = page_of('audit') },
  status = { run = show_status },
  ghost = {
    run = later('ghost', 'run'),
    words = { 'all', 'language', 'off', 'on', 'report', 'toggle', 'why', 'workspace' },
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
  local name, rest = line:match('Steward!?%s+(%S+)%s+(.*)$')
  local words = name and (commands[name] and commands[name].words or {}) or names()
  if type(words) == 'function' then
    local before = vim.split(rest:sub(1, #rest - #lead), '%s+', { trimempty = true })
    words = words(before)
  end
  return vim.tbl_filter(function(word)
    return vim.startswith(word, lead)
  end, words)
end

return M
