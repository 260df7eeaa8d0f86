--- `:Steward chat …`: asking, answers as they come, and what is done with the code in them.

local code = require('steward.chat.code')
local conversation = require('steward.chat.conversation')
local messages = require('steward.messages')
local server = require('steward.server')
local sources = require('steward.chat.sources')
local view = require('steward.chat.view')

local M = {}

---@class steward.Choices
---@field agents { id: string, name: string, description: string, mode: string }[]
---@field models { id: string, name: string, isDefault: boolean }[]
---@field modes { id: string, title: string, detail: string }[]
---@field isUnavailable string

---@type { mode: string, agent?: string, model?: string }
local chosen = { mode = 'ask' }

--- What the next message brings along.
---@type steward.Attachment[]
local attachments = {}

local KEYS = '<CR> sends (<C-s> while typing)   <C-c> stops   g? keys'

local help = {
  '# Keys of the chat',
  '',
  'In the prompt:',
  '',
  '- `<CR>` sends in Normal mode; `<C-s>` sends in any mode',
  '- `@` offers files; `#name` points at a symbol; a second `:Steward chat` with a range adds a selection',
  '',
  'In the conversation, with the cursor in a block of code:',
  '',
  '- `gy` yanks the block',
  '- `gp` puts it behind the cursor of your file',
  '- `ga` makes a proposal of it, which is shown and asked about as every one',
  '',
  'In both:',
  '',
  '- `<C-c>` stops the answer at once; what came stays',
  '- `gh` history, `gm` mode, `gE` export, `gs` what was sent',
  '- `]]` and `[[` go from message to message, `i` goes to the prompt',
  '- `q` closes the chat (Normal mode); nothing is stopped or lost',
}

local function show_bars()
  local above = { conversation.title(), chosen.mode }
  above[#above + 1] = chosen.mode ~= 'ask' and (chosen.agent or 'fix') or nil
  above[#above + 1] = chosen.model
  local with = vim.tbl_map(function(attachment)
    return attachment.title
  end, attachments)
  local below = #with > 0 and ('with %s   %s'):format(table.concat(with, ', '), KEYS) or KEYS
  view.put_bars(table.concat(above, ' · '), below)
end

conversation.watch({
  whole = function()
    view.render(conversation.messages())
    if view.is_open() then
      show_bars()
    end
  end,
  grown = view.grow,
})

--- Send what stands in the prompt. It stays there until the server has it.
function M.send()
  local text = view.typed()
  if text == '' then
    messages.info('say what you want to know first.')
    return
  elseif conversation.is_answering() then
    messages.info('an answer is under way; <C-c> stops it.')
    return
  end
  local work = view.work_window()
  local bufnr = work and vim.api.nvim_win_get_buf(work)
  local is_run = chosen.mode ~= 'ask'
  local what = {
    text = text,
    mode = chosen.mode,
    agent = is_run and (chosen.agent or 'fix') or nil,
    model = chosen.model,
    mentions = sources.mentions(text),
    attachments = attachments,
    -- An agent is told where it was started. A model that is only asked sees what was pointed at.
    uri = is_run and bufnr and sources.path_of(bufnr) and vim.uri_from_bufnr(bufnr) or nil,
  }
  conversation.send(what, function()
    if view.typed() == text then
      view.type('')
    end
    attachments = {}
    show_bars()
    view.to_end()
  end)
end

--- Stop the answer that is under way.
function M.stop()
  if conversation.id() == '' or not conversation.is_answering() then
    messages.info('no answer is under way in this chat.')
    return
  end
  server.execute('steward.chat.stop', { conversationId = conversation.id() })
end

--- Let the person pick an earlier conversation.
function M.history()
  server.execute('steward.chat.list', nil, function(found)
    if #found == 0 then
      messages.info('there is no conversation yet.')
      return
    end
    local options = {
      prompt = 'Steward: which conversation?',
      format_item = function(one)
        local now = one.isAnswering and ', answering' or ''
        local at = one.updatedAt:sub(1, 16):gsub('T', ' ')
        return ('%s (%s UTC, %d messages%s)'):format((one.title:gsub('%s+', ' ')), at, one.messages, now)
      end,
    }
    vim.ui.select(found, options, function(one)
      if one then
        M.show()
        conversation.load(one.id)
      end
    end)
  end)
end

--- Open the conversation as Markdown in a buffer of its own, to be saved anywhere.
function M.export()
  if conversation.id() == '' then
    messages.info('there is nothing to export: the chat is empty.')
    return
  end
  server.execute('steward.chat.export', { conversationId = conversation.id() }, function(result)
    vim.cmd('tabnew')
    vim.bo.modeline = false
    vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(result.markdown, '\n', { plain = true }))
    -- A plugin for the type may be broken; the text is there all the same.
    pcall(vim.api.nvim_set_option_value, 'filetype', 'markdown', { buf = 0 })
  end)
end

--- Show what was sent to models for the answer under the cursor, or for the last one.
function M.sent()
  local message = view.under_cursor()
  if message == nil or message.author == 'person' then
    message = vim.iter(conversation.messages()):rev():find(function(each)
      return each.author == 'assistant'
    end)
  end
  if message == nil then
    messages.info('nothing was sent yet: the chat is empty.')
    return
  end
  local argument = { conversationId = conversation.id(), messageId = message.id }
  require('steward.page').of('chat/sent', 'steward.chat.sent', argument)
end

--- Delete the conversation for good, once the person said so twice.
function M.delete()
  if conversation.id() == '' then
    messages.info('there is nothing to delete: the chat is empty.')
    return
  end
  local wanted = conversation.id()
  local options = { prompt = 'Steward: delete this conversation for good?' }
  vim.ui.select({ 'Keep it', 'Delete it' }, options, function(answer)
    if answer == 'Delete it' then
      server.execute('steward.chat.delete', { conversationId = wanted }, function()
        conversation.begin()
      end)
    end
  end)
end

---@param what 'modes'|'agents'|'models'
---@param prompt string
---@param done fun(one: table)
local function pick(what, prompt, done)
  server.execute('steward.chat.choices', vim.empty_dict(), function(choices)
    if choices.isUnavailable ~= '' then
      messages.warn(choices.isUnavailable)
    end
    local options = {
      prompt = prompt,
      format_item = function(one)
        local about = one.detail or one.description or (one.isDefault and 'the usual one') or ''
        local told = about ~= '' and ': ' .. about or ''
        return (('%s%s'):format(one.title or one.name, told):gsub('%s+', ' '))
      end,
    }
    vim.ui.select(choices[what], options, function(one)
      if one then
        done(one)
        show_bars()
      end
    end)
  end)
end

--- Choose how it answers: the model alone, or an agent in one of its modes.
function M.mode()
  pick('modes', 'Steward: how should it answer?', function(mode)
    chosen.mode = mode.id
  end)
end

--- Choose which agent works on what is said.
function M.agent()
  pick('agents', 'Steward: which agent?', function(agent)
    chosen.agent = agent.id
    chosen.mode = chosen.mode == 'ask' and agent.mode or chosen.mode
  end)
end

--- Choose which model answers.
function M.model()
  pick('models', 'Steward: which model?', function(model)
    chosen.model = not model.isDefault and model.id or nil
  end)
end

---@param bufnr integer
local function map_both(bufnr)
  local function map(key, desc, act)
    vim.keymap.set('n', key, act, { buffer = bufnr, nowait = true, desc = 'Steward: ' .. desc })
  end
  map('q', 'close the chat', view.close)
  map('<C-c>', 'stop the answer', M.stop)
  map('gh', 'earlier conversations', M.history)
  map('gm', 'how it answers', M.mode)
  map('gE', 'export the conversation', M.export)
  map('gs', 'what was sent to models', M.sent)
  map('g?', 'keys of the chat', function()
    require('steward.page').show('chat/keys', table.concat(help, '\n'))
  end)
end

local maps = {}

---@param bufnr integer
function maps.prompt(bufnr)
  map_both(bufnr)
  local send = { buffer = bufnr, nowait = true, desc = 'Steward: send' }
  vim.keymap.set('n', '<CR>', M.send, send)
  vim.keymap.set({ 'n', 'i' }, '<C-s>', M.send, send)
  -- Of this buffer alone: what is typed is not replaced by what comes first.
  -- Neovim 0.11 may know it for all buffers only.
  pcall(vim.api.nvim_set_option_value, 'completeopt', 'menuone,noinsert,noselect', { buf = bufnr })
  vim.api.nvim_create_autocmd({ 'TextChangedI', 'TextChangedP' }, { buffer = bufnr, callback = sources.offer })
end

---@param bufnr integer
function maps.transcript(bufnr)
  map_both(bufnr)
  local function map(key, desc, act)
    vim.keymap.set('n', key, act, { buffer = bufnr, nowait = true, desc = 'Steward: ' .. desc })
  end
  map('gy', 'yank the block of code', code.yank)
  map('gp', 'put the block of code into the file', code.put)
  map('ga', 'propose the block of code', code.apply)
  for _, key in ipairs({ 'i', 'a', 'o' }) do
    map(key, 'type a message', view.to_prompt)
  end
  map(']]', 'next message', function()
    view.jump(1)
  end)
  map('[[', 'message before', function()
    view.jump(-1)
  end)
end

--- Read the conversation anew from each server that comes: the one before may have been killed.
local function follow_servers()
  vim.api.nvim_create_autocmd('LspAttach', {
    group = vim.api.nvim_create_augroup('steward.chat', {}),
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      if client and client.name == server.name and client.id ~= M.client_id then
        M.client_id = client.id
        conversation.reload()
      end
    end,
  })
end

--- Open the chat and go to its prompt.
function M.show()
  if M.client_id == nil then
    local client = vim.lsp.get_clients({ name = server.name })[1]
    M.client_id = client and client.id or -1
    follow_servers()
  end
  view.open(maps)
  view.render(conversation.messages())
  show_bars()
end

---@param found? steward.Attachment
local function attach(found)
  if found then
    attachments[#attachments + 1] = found
    M.show()
  end
end

---@type table<string, fun(command: vim.api.keyset.create_user_command.command_args, bufnr: integer)>
local words = {
  new = function()
    M.show()
    conversation.begin()
    view.to_prompt()
  end,
  stop = M.stop,
  history = M.history,
  export = M.export,
  delete = M.delete,
  mode = M.mode,
  agent = M.agent,
  model = M.model,
  sent = M.sent,
  diagnostics = function(_, bufnr)
    attach(sources.diagnostics(bufnr))
  end,
  terminal = function()
    sources.terminal(attach)
  end,
}

--- What may stand behind `:Steward chat`.
---@param given string[]
---@return string[]
function M.words(given)
  local found = #given == 0 and vim.tbl_keys(words) or {}
  table.sort(found)
  return found
end

--- Run `:Steward chat …`: a word of ours, or else something to be said.
---@param given string
---@param command vim.api.keyset.create_user_command.command_args
function M.run(given, command)
  local bufnr = vim.api.nvim_get_current_buf()
  if words[given] then
    words[given](command, bufnr)
    return
  end
  local mention, selection
  if command.range > 0 then
    mention, selection = sources.selection(bufnr, command.line1, command.line2)
  end
  M.show()
  attach(selection)
  local text = vim.iter({ view.typed(), mention or '', given }):filter(function(part)
    return part ~= ''
  end):join(' ')
  if mention or given ~= '' then
    view.type(vim.trim(text) .. (given == '' and ' ' or ''))
  end
  if given == '' then
    view.to_prompt()
  else
    M.send()
  end
end

return M
