--- Agents: chosen, started with a goal and a mode, looked at, and written.

local messages = require('steward.messages')
local page = require('steward.page')
local server = require('steward.server')

local M = {}

---@class steward.Agent
---@field id string
---@field source 'shipped'|'stored'|'workspace'
---@field counts boolean Whether it is the one that is started under its id.
---@field problem string Why it cannot be read.
---@field name string
---@field description string
---@field mode string
---@field may string What it may do at the most.

---@class steward.Place
---@field uri? string
---@field range? lsp.Range

local COMPLETE_WAIT_MS = 1000

local places = {
  shipped = 'comes with Steward',
  stored = 'of your organisation',
  workspace = 'of this folder',
}

---@type { id?: string, title: string }[]
local modes = {
  { title = 'As it is meant to work: it asks for its plan and for each change' },
  { id = 'step', title = 'Step by step: it asks before each step, too' },
  { id = 'dry_run', title = 'Dry run: what would change is recorded, nothing is changed or run' },
  { id = 'analysis_only', title = 'Analysis only: it reads and says what it found' },
}

--- The file and the lines that a command was given for; empty where there is no file.
---@param command vim.api.keyset.create_user_command.command_args
---@return steward.Place
local function place_of(command)
  if vim.bo.buftype ~= '' or vim.api.nvim_buf_get_name(0) == '' then
    return {}
  end
  local first, last = command.line1 - 1, command.range > 0 and command.line2 or command.line1 - 1
  local range = {
    start = { line = first, character = 0 },
    ['end'] = { line = last, character = 0 },
  }
  return { uri = vim.uri_from_bufnr(0), range = range }
end

--- What diagnostics say of the lines that a command was given for.
---@param command vim.api.keyset.create_user_command.command_args
---@return string
local function reported(command)
  local found = {}
  for _, diagnostic in ipairs(vim.diagnostic.get(0)) do
    if diagnostic.lnum >= command.line1 - 1 and diagnostic.lnum < command.line2 then
      found[#found + 1] = 'Fix: ' .. diagnostic.message:gsub('%s+', ' ')
    end
  end
  return table.concat(found, '; ')
end

---@param agent string
---@param goal string
---@param mode? string
---@param place steward.Place
local function start(agent, goal, mode, place)
  local argument = { agent = agent, goal = goal, mode = mode }
  server.execute('steward.agent.run', vim.tbl_extend('error', argument, place))
end

--- Start an agent; without a goal the person is asked for one.
---@param agent string
---@param goal string
---@param mode? string
---@param command vim.api.keyset.create_user_command.command_args
local function begin(agent, goal, mode, command)
  local place = place_of(command)
  if goal ~= '' then
    start(agent, goal, mode, place)
    return
  end
  local default = agent == 'fix' and reported(command) or ''
  local options = { prompt = ('What should %s do? '):format(agent), default = default }
  vim.ui.input(options, function(typed)
    if typed and vim.trim(typed) ~= '' then
      start(agent, vim.trim(typed), mode, place)
    end
  end)
end

--- Start the agent that fixes, for the file that is open.
---@param words string
---@param command vim.api.keyset.create_user_command.command_args
function M.fix(words, command)
  if place_of(command).uri == nil then
    messages.info('open the file that the agent should fix.')
    return
  end
  begin('fix', words, nil, command)
end

---@param done fun(agents: steward.Agent[])
local function with_all(done)
  server.execute('steward.agent.list', nil, done)
end

---@param agent steward.Agent
---@return string
local function worded(agent)
  local about = agent.problem ~= '' and 'cannot be read: ' .. agent.problem or agent.description
  return (('%s (%s): %s'):format(agent.id, places[agent.source] or agent.source, about):gsub('%s+', ' '))
end

--- Let the person choose the mode, unless the agent changes nothing anyway.
---@param agent steward.Agent
---@param done fun(mode?: string)
local function choose_mode(agent, done)
  if agent.mode == 'analysis_only' then
    done(nil)
    return
  end
  local options = {
    prompt = ('Steward: how should %s work?'):format(agent.name),
    format_item = function(mode)
      return mode.title
    end,
  }
  vim.ui.select(modes, options, function(mode)
    if mode then
      done(mode.id)
    end
  end)
end

---@param command vim.api.keyset.create_user_command.command_args
local function choose(command)
  with_all(function(agents)
    local that_count = vim.tbl_filter(function(agent)
      return agent.counts
    end, agents)
    local options = { prompt = 'Steward: which agent?', format_item = worded }
    vim.ui.select(that_count, options, function(agent)
      if agent and agent.problem ~= '' then
        messages.warn(agent.problem)
      elseif agent then
        choose_mode(agent, function(mode)
          begin(agent.id, '', mode, command)
        end)
      end
    end)
  end)
end

local function list()
  with_all(function(agents)
    local lines = { '# Agents', '' }
    for _, agent in ipairs(agents) do
      local rest = agent.counts and agent.may or 'Another one of this name counts.'
      lines[#lines + 1] = ('- %s %s'):format(worded(agent), rest):gsub('%s+', ' ')
    end
    page.show('agents', table.concat(lines, '\n'))
  end)
end

---@param agent string
local function show(agent)
  if agent == '' then
    messages.info('say which one, as in :Steward agent show fix')
    return
  end
  page.of('agent/' .. agent, 'steward.agent.show', { agent = agent })
end

--- Open the file of a definition with a text to begin with, for the person to save.
---@param given { uri: string, text: string }
local function open_template(given)
  local path = vim.uri_to_fname(given.uri)
  vim.cmd.split({ args = { path }, magic = { file = false } })
  if vim.uv.fs_lstat(path) then
    messages.info('there is an agent of this name in the folder already; this is it.')
    return
  end
  vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(given.text:gsub('\n$', ''), '\n'))
  vim.api.nvim_create_autocmd('BufWritePre', {
    buffer = 0,
    callback = function()
      vim.fn.mkdir(vim.fs.dirname(path), 'p')
    end,
  })
end

---@param agent string
local function new(agent)
  if agent ~= '' then
    server.execute('steward.agent.new', { agent = agent }, open_template)
    return
  end
  vim.ui.input({ prompt = 'Name of the new agent, such as db-helper: ' }, function(typed)
    if typed and vim.trim(typed) ~= '' then
      new(vim.trim(typed))
    end
  end)
end

--- Run `:Steward agent …`.
---@param words string
---@param command vim.api.keyset.create_user_command.command_args
function M.run(words, command)
  local name, rest = words:match('^(%S*)%s*(.-)$')
  if name == '' then
    choose(command)
  elseif name == 'list' then
    list()
  elseif name == 'new' then
    new(rest)
  elseif name == 'show' then
    show(rest)
  else
    local mode, goal = rest:match('^mode=(%S*)%s*(.-)$')
    begin(name, goal or rest, mode, command)
  end
end

--- Ask whether the folder is trusted; the answer is given like any other.
function M.trust()
  server.execute('steward.workspace.trust', nil, function(result)
    messages.info(
      result.trusted and 'you trust this folder: its agents are there, and commands can run in jails.'
        or 'you do not trust this folder: none of its agents is there, and no command runs.'
    )
  end)
end

--- What may stand behind `:Steward agent`: names, known to the server only.
---@param words string[] What stands there already.
---@return string[]
function M.words(words)
  if #words > 0 and words[1] ~= 'show' then
    return { 'mode=analysis_only', 'mode=dry_run', 'mode=step' }
  end
  local found = #words == 0 and { 'list', 'new', 'show' } or {}
  local client = vim.lsp.get_clients({ name = server.name })[1]
  local params = { command = 'steward.agent.list', arguments = {} }
  local reply = client and client:request_sync('workspace/executeCommand', params, COMPLETE_WAIT_MS)
  for _, agent in ipairs(reply and reply.result or {}) do
    if agent.counts then
      found[#found + 1] = agent.id
    end
  end
  return found
end

return M
