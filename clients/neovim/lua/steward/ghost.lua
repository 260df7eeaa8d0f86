--- Ghost text through Neovim's own inline completion, from 0.12 on: its keys and its switches.

local messages = require('steward.messages')
local suggestion = require('steward.suggestion')

local M = {}

local is_on = true

---@return boolean
function M.is_possible()
  return vim.lsp.inline_completion ~= nil
end

--- Let Neovim ask this client for suggestions in this buffer.
---@param client vim.lsp.Client
---@param bufnr integer
local function apply(client, bufnr)
  if is_on then
    -- With the buffer: without it Neovim begins anew in every buffer of the client.
    vim.lsp.inline_completion.enable(true, { client_id = client.id, bufnr = bufnr })
    suggestion.follow(bufnr)
  end
end

---@param part fun(text: string): string
---@return boolean
local function take(part)
  return M.is_possible() and suggestion.take(part)
end

--- Take the suggestion; false where there is none.
---@return boolean
function M.accept()
  return take(suggestion.whole)
end

--- Take its next word; false where there is none.
---@return boolean
function M.accept_word()
  return take(suggestion.word)
end

--- Take its next line; false where there is none.
---@return boolean
function M.accept_line()
  return take(suggestion.line)
end

--- What a key did before it was ours, as keys.
---@param before table<string, any> As `maparg` gives it; empty where the key was only itself.
---@param key string
---@return string
local function keys_before(before, key)
  if before.expr == 1 then
    return (before.callback and before.callback() or vim.api.nvim_eval(before.rhs)) or ''
  elseif before.callback then
    -- Not here: while keys are worked out, no text may be changed.
    vim.schedule(before.callback)
    return ''
  end
  return before.rhs or key
end

--- Map a key that takes something, and does what it did before when there is nothing.
---@param key string
---@param name 'accept'|'accept_word'|'accept_line'
---@param desc string
local function map(key, name, desc)
  local before = vim.fn.maparg(key, 'i', false, true)
  -- What is taken is a step of undo of its own.
  local keys = ("<C-g>u<Cmd>lua require('steward.ghost').%s()<CR>"):format(name)
  vim.keymap.set('i', key, function()
    local is_there = M.is_possible() and suggestion.is_there()
    if is_there then
      return keys
    elseif is_there == nil and M[name]() then
      return ''
    end
    return keys_before(before, key)
  end, {
    desc = 'Steward: ' .. desc,
    expr = true,
    remap = before.rhs ~= nil and before.noremap == 0,
  })
end

---@param options steward.Options
local function map_keys(options)
  if options.accept_key then
    map(options.accept_key, 'accept', 'accept the ghost text')
  end
  if options.accept_word_key then
    map(options.accept_word_key, 'accept_word', 'accept a word of the ghost text')
  end
  if options.accept_line_key then
    map(options.accept_line_key, 'accept_line', 'accept a line of the ghost text')
  end
end

--- Take in the options and map the keys. Nothing of Neovim's is loaded for it.
---@param options steward.Options
function M.set_up(options)
  is_on = options.ghost_text
  map_keys(options)
end

--- Switch ghost text on with every server, as the options say.
function M.start()
  if not M.is_possible() then
    return
  end
  vim.api.nvim_create_autocmd('LspAttach', {
    group = vim.api.nvim_create_augroup('steward.ghost', {}),
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      if client and client.name == require('steward.server').name then
        apply(client, event.buf)
      end
    end,
  })
end

--- Show ghost text in this Neovim although the options say no.
local function show_here()
  if is_on or not M.is_possible() then
    return
  end
  is_on = true
  for _, client in ipairs(vim.lsp.get_clients { name = require('steward.server').name }) do
    for bufnr in pairs(client.attached_buffers) do
      apply(client, bufnr)
    end
  end
end

---@class steward.GhostText How ghost text stands in a document.
---@field state 'ready'|'quiet'|'off'|'unavailable'
---@field reason? string
---@field language string
---@field switches table<steward.Scope, boolean?>

---@alias steward.Scope 'all'|'language'|'workspace'

--- Ask the server about ghost text in the current buffer, or tell it.
---@param command string
---@param argument table
---@param done fun(standing: steward.GhostText)
local function execute(command, argument, done)
  argument.uri = vim.uri_from_bufnr(0)
  require('steward.server').execute('steward.completion.' .. command, argument, function(standing)
    done(require('steward.status').without_nulls(standing))
  end)
end

--- Switch ghost text for the person, wherever they edit.
---@param is_wanted boolean
---@param scope steward.Scope
local function switch(is_wanted, scope)
  execute('switch', { scope = scope, on = is_wanted }, function(standing)
    if is_wanted then
      show_here()
    end
    local places = { all = 'everywhere', language = 'for ' .. standing.language, workspace = 'in this workspace' }
    local done = ('ghost text is %s %s.'):format(is_wanted and 'on' or 'off', places[scope])
    -- What was switched on may still be off for another reason, which is then what counts.
    messages.info(is_wanted and standing.state == 'off' and standing.reason or done)
  end)
end

---@param scope steward.Scope
local function toggle(scope)
  execute('why', {}, function(standing)
    switch(not standing.switches[scope], scope)
  end)
end

--- Say why there is no suggestion here.
local function explain()
  if not M.is_possible() then
    messages.info('ghost text needs Neovim 0.12 or newer; here the same text comes as a completion item.')
  elseif not is_on then
    messages.info('ghost text is off in this Neovim, by the option "ghost_text". :Steward ghost on shows it.')
  elseif #vim.lsp.get_clients({ name = require('steward.server').name, bufnr = 0 }) == 0 then
    messages.info('Steward does not look after this buffer: it is no file, or no file of a workspace.')
  else
    execute('why', {}, function(standing)
      messages.info(standing.reason or 'nothing keeps suggestions away here: type on, or pause at the end of a line.')
    end)
  end
end

local words = { on = true, off = true, toggle = true, why = true, report = true }
local scopes = { all = true, language = true, workspace = true }

--- `:Steward ghost …`: a switch and how far it reaches, why there is none, or what became of it.
---@param given string
function M.run(given)
  local word, scope = unpack(vim.split(given, '%s+', { trimempty = true }))
  word, scope = word or 'toggle', scope or 'all'
  if not words[word] or not scopes[scope] then
    messages.warn('say :Steward ghost why, or report; or on, off or toggle, and for what: language, workspace or all.')
  elseif word == 'why' then
    explain()
  elseif word == 'report' then
    require('steward.server').execute('steward.completion.report', nil, function(result)
      require('steward.page').show('ghost-text', result.markdown)
    end)
  elseif word == 'toggle' then
    toggle(scope)
  else
    switch(word == 'on', scope)
  end
end

return M
