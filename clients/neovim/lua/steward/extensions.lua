--- Extensions: what they offer here, what each may do and did, and their commands run.

local messages = require('steward.messages')
local offers = require('steward.extensions.offers')
local page = require('steward.page')
local server = require('steward.server')

local M = {}

---@class steward.Extension
---@field id string
---@field name string
---@field version string
---@field publisher string
---@field description string
---@field state 'enabled'|'disabled'|'faulted'|'asks'
---@field isShipped boolean
---@field whyNot? string
---@field grants { capability: string, words: string, globs: string[], reason: string, granted: boolean }[]
---@field commands { id: string, title: string, category?: string, when: steward.When }[]
---@field menus { command: string, title: string, when: steward.When }[]
---@field panels { id: string, title: string }[]
---@field activity { calls: integer, refused: integer, faults: integer, lastFault?: string, costNanoUsd: integer }
---@field jail string

--- As the server told of them last.
---@type steward.Extension[]
local known = {}

local COMPLETE_WAIT_MS = 1000

---@type table<string, string>
local states = {
  enabled = 'enabled',
  disabled = 'disabled',
  faulted = 'stopped after faults',
  asks = 'wants your permission',
}

---@return steward.Extension[]
function M.known()
  return known
end

---@param id string
---@return steward.Extension?
local function find(id)
  return vim.iter(known):find(function(extension)
    return extension.id == id
  end)
end

---@param result { extensions: steward.Extension[] }
local function take(result)
  known = result.extensions
  require('steward.extensions.menu').keep(#known > 0)
end

---@param done? fun()
local function read(done)
  server.execute('steward.extension.list', nil, function(result)
    take(result)
    if done then
      done()
    end
  end)
end

--- One came, went, or may do something else.
function M.changed()
  read()
end

---@param text string
---@return string
local function line(text)
  return (text:gsub('%s+', ' '))
end

---@param nano_usd integer
---@return string
local function as_usd(nano_usd)
  -- Rounded up, as the server does: nothing shown is less than was spent.
  return ('$%.6f'):format(math.ceil(nano_usd / 1000) / 1e6)
end

---@param lines string[]
---@param extension steward.Extension
local function describe(lines, extension)
  local activity = extension.activity
  vim.list_extend(lines, {
    '',
    line(('## %s %s (%s)'):format(extension.name, extension.version, extension.id)),
    '',
    line(('%s, by %s. %s'):format(states[extension.state], extension.publisher, extension.description)),
    '',
  })
  for _, grant in ipairs(extension.grants) do
    local only = #grant.globs > 0 and (' (only %s)'):format(table.concat(grant.globs, ', ')) or ''
    local may = grant.granted and 'It may ' or 'Not allowed: '
    lines[#lines + 1] = line(('- %s%s%s. `%s`'):format(may, grant.words, only, grant.capability))
  end
  for _, command in ipairs(extension.commands) do
    lines[#lines + 1] = line(('- :Steward extension run %s %s: %s'):format(extension.id, command.id, command.title))
  end
  lines[#lines + 1] = ('- Calls: %d, refused: %d, faults: %d, cost: %s'):format(
    activity.calls,
    activity.refused,
    activity.faults,
    as_usd(activity.costNanoUsd)
  )
  if type(extension.whyNot) == 'string' then
    lines[#lines + 1] = line('- It cannot run: ' .. extension.whyNot)
  end
  if type(activity.lastFault) == 'string' then
    lines[#lines + 1] = line('- Last fault: ' .. activity.lastFault)
  end
  lines[#lines + 1] = line('- ' .. extension.jail)
end

local function list()
  read(function()
    local lines = { '# Extensions' }
    for _, extension in ipairs(known) do
      describe(lines, extension)
    end
    if #known == 0 then
      vim.list_extend(lines, { '', 'None is installed. `:Steward extension install` asks before it installs one.' })
    end
    page.show('extensions', table.concat(lines, '\n'))
  end)
end

---@class steward.ExtensionPlace
---@field uri? string
---@field range? lsp.Range

--- From where to where in the lines of a range: all of them, or what was selected in them.
---@param command vim.api.keyset.create_user_command.command_args
---@param ending string
---@return integer, integer
local function within(command, ending)
  local from, to = vim.api.nvim_buf_get_mark(0, '<'), vim.api.nvim_buf_get_mark(0, '>')
  local is_selected = from[1] == command.line1 and to[1] == command.line2 and vim.fn.visualmode() == 'v'
  if not is_selected then
    return 0, #ending
  end
  local length = #vim.fn.matchstr(ending:sub(to[2] + 1), '.')
  return from[2], math.min(to[2] + length, #ending)
end

--- Where a command was given: the cursor, or the lines of its range.
---@param command vim.api.keyset.create_user_command.command_args
---@param client vim.lsp.Client
---@return steward.ExtensionPlace
local function place_of(command, client)
  if vim.bo.buftype ~= '' or vim.api.nvim_buf_get_name(0) == '' then
    return {}
  end
  local first, last = command.line1, command.range > 0 and command.line2 or command.line1
  local lines = vim.api.nvim_buf_get_lines(0, first - 1, last, false)
  local ending = lines[#lines] or ''
  local from = vim.api.nvim_win_get_cursor(0)[2]
  local to = from
  if command.range > 0 then
    from, to = within(command, ending)
  end
  local encoding = client.offset_encoding
  return {
    uri = vim.uri_from_bufnr(0),
    range = {
      start = { line = first - 1, character = vim.str_utfindex(lines[1] or '', encoding, from, false) },
      ['end'] = { line = last - 1, character = vim.str_utfindex(ending, encoding, to, false) },
    },
  }
end

--- Run a command of an extension, and tell what it answers.
---@param which { extension: string, command: string, place: steward.ExtensionPlace }
function M.run_at(which)
  local extension = find(which.extension)
  require('steward.extensions.panel').wanted(which.extension)
  local place = next(which.place) and which.place or vim.empty_dict()
  local argument = { extension = which.extension, command = which.command, place = place }
  server.execute('steward.extension.run', argument, function(result)
    if type(result) == 'table' and type(result.message) == 'string' and result.message ~= '' then
      messages.info(('%s: %s'):format(extension and extension.name or which.extension, result.message))
    end
  end)
end

--- The same as a code action asks for it.
---@param command lsp.Command
function M.run_action(command)
  M.run_at(command.arguments[1])
end

--- Let the person choose among what is offered here.
---@param command vim.api.keyset.create_user_command.command_args
local function choose(command)
  local client, bufnr = server.running(), vim.api.nvim_get_current_buf()
  if client == nil then
    return
  end
  local place = place_of(command, client)
  read(function()
    local found = offers.offered(known, 'commands', offers.here(bufnr, client, command.range > 0))
    if #found == 0 then
      messages.info('no extension offers a command here.')
      return
    end
    local options = {
      prompt = 'Steward: run which command of an extension?',
      format_item = function(offer)
        return line(('%s: %s'):format(offer.name, offer.title))
      end,
    }
    vim.ui.select(found, options, function(offer)
      if offer then
        M.run_at({ extension = offer.extension, command = offer.command, place = place })
      end
    end)
  end)
end

---@param words string[]
---@param command vim.api.keyset.create_user_command.command_args
local function run(words, command)
  local client = server.running()
  if #words < 2 then
    choose(command)
  elseif client then
    M.run_at({ extension = words[1], command = words[2], place = place_of(command, client) })
  end
end

---@param verb string
---@param argument table
---@param told string
local function send(verb, argument, told)
  server.execute('steward.extension.' .. verb, argument, function()
    messages.info(told)
    read()
  end, read)
end

---@param id string
local function remove(id)
  local question = ('Remove %s? Its commands go, and so does what you allowed it.'):format(id)
  vim.ui.select({ 'Remove', 'Keep' }, { prompt = question }, function(choice)
    if choice == 'Remove' then
      send('remove', { extension = id }, id .. ' is removed.')
    end
  end)
end

---@param id string
local function show_log(id)
  server.execute('steward.extension.log', { extension = id }, function(result)
    local text = result.text ~= '' and result.text or 'It has written nothing yet.'
    page.show('extension/' .. id .. '/log', text)
  end)
end

---@param words string[]
local function show_panel(words)
  require('steward.extensions.panel').open(words[1], words[2])
end

---@class steward.Verb
---@field takes integer How many words it needs.
---@field example string
---@field run fun(words: string[], command: vim.api.keyset.create_user_command.command_args)

---@param verb string
---@param told string
---@return fun(words: string[])
local function switch(verb, told)
  return function(words)
    send(verb, { extension = words[1] }, ('%s is %s.'):format(words[1], told))
  end
end

---@param verb string
---@param told string
---@return fun(words: string[])
local function permit(verb, told)
  return function(words)
    send(verb, { extension = words[1], capability = words[2] }, ('%s: %s is %s.'):format(words[1], words[2], told))
  end
end

---@type table<string, steward.Verb>
local verbs = {
  list = { takes = 0, example = '', run = list },
  run = { takes = 0, example = '', run = run },
  enable = { takes = 1, example = 'acme.notes', run = switch('enable', 'enabled') },
  disable = { takes = 1, example = 'acme.notes', run = switch('disable', 'disabled') },
  update = { takes = 1, example = 'acme.notes', run = switch('update', 'up to date') },
  grant = { takes = 2, example = 'acme.notes files.read', run = permit('grant', 'allowed') },
  revoke = { takes = 2, example = 'acme.notes files.read', run = permit('revoke', 'not allowed any more') },
  panel = { takes = 2, example = 'acme.notes board', run = show_panel },
  install = {
    takes = 1,
    example = 'acme.notes',
    run = function(words)
      send('install', { source = table.concat(words, ' ') }, 'the extension is installed.')
    end,
  },
  remove = {
    takes = 1,
    example = 'acme.notes',
    run = function(words)
      remove(words[1])
    end,
  },
  log = {
    takes = 1,
    example = 'acme.notes',
    run = function(words)
      show_log(words[1])
    end,
  },
}

--- Run `:Steward extension …`; without a word, let the person choose what is run.
---@param rest string
---@param command vim.api.keyset.create_user_command.command_args
function M.run(rest, command)
  local words = vim.split(rest, '%s+', { trimempty = true })
  local name = table.remove(words, 1) or 'run'
  local verb = verbs[name]
  if verb == nil then
    local names = vim.tbl_keys(verbs)
    table.sort(names)
    messages.warn(('there is no extension %q. There are: %s.'):format(name, table.concat(names, ', ')))
  elseif #words < verb.takes then
    messages.info(('say which one, as in :Steward extension %s %s'):format(name, verb.example))
  else
    verb.run(words, command)
  end
end

local function read_now()
  local client = vim.lsp.get_clients({ name = server.name })[1]
  local params = { command = 'steward.extension.list', arguments = {} }
  local reply = client and client:request_sync('workspace/executeCommand', params, COMPLETE_WAIT_MS)
  if reply and reply.result then
    take(reply.result)
  end
end

--- What may stand behind `:Steward extension`.
---@param words string[] What stands there already.
---@return string[]
function M.words(words)
  if #words == 0 then
    return vim.tbl_keys(verbs)
  end
  read_now()
  local extension = #words == 2 and find(words[2]) or nil
  local function ids(part, key)
    return vim.tbl_map(function(each)
      return each[key]
    end, extension and extension[part] or {})
  end
  if #words == 1 and words[1] ~= 'list' and words[1] ~= 'install' then
    return vim.tbl_map(function(each)
      return each.id
    end, known)
  elseif words[1] == 'run' then
    return ids('commands', 'id')
  elseif words[1] == 'panel' then
    return ids('panels', 'id')
  elseif words[1] == 'grant' or words[1] == 'revoke' then
    return ids('grants', 'capability')
  end
  return {}
end

return M
