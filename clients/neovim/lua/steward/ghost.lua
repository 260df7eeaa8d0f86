--- Ghost text through Neovim's own inline completion, from 0.12 on.

local messages = require('steward.messages')

local M = {}

local is_on = true

---@return boolean
function M.is_possible()
  return vim.lsp.inline_completion ~= nil
end

---@param client_id integer
local function apply(client_id)
  vim.lsp.inline_completion.enable(is_on, { client_id = client_id })
end

--- Take the suggestion; false where there is none.
---@return boolean
function M.accept()
  return M.is_possible() and vim.lsp.inline_completion.get()
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

--- Map a key that takes the suggestion, and does what it did before when there is none.
---@param key string
local function map(key)
  local before = vim.fn.maparg(key, 'i', false, true)
  vim.keymap.set('i', key, function()
    return M.accept() and '' or keys_before(before, key)
  end, {
    desc = 'Steward: accept the ghost text',
    expr = true,
    remap = before.rhs ~= nil and before.noremap == 0,
  })
end

--- Switch ghost text on with every server, as the options say.
---@param options steward.Options
function M.set_up(options)
  is_on = options.ghost_text
  if options.accept_key then
    map(options.accept_key)
  end
  if not M.is_possible() then
    return
  end
  vim.api.nvim_create_autocmd('LspAttach', {
    group = vim.api.nvim_create_augroup('steward.ghost', {}),
    callback = function(event)
      local client = vim.lsp.get_client_by_id(event.data.client_id)
      if client and client.name == require('steward.server').name then
        apply(client.id)
      end
    end,
  })
end

--- Switch ghost text on or off; without a word, the other way round.
---@param word? string
function M.switch(word)
  if not M.is_possible() then
    messages.warn('ghost text needs Neovim 0.12 or newer; everything else works in this one.')
    return
  elseif word ~= nil and word ~= 'on' and word ~= 'off' then
    messages.warn('say :Steward ghost on, or :Steward ghost off.')
    return
  end
  if word then
    is_on = word == 'on'
  else
    is_on = not is_on
  end
  for _, client in ipairs(vim.lsp.get_clients({ name = require('steward.server').name })) do
    apply(client.id)
  end
  messages.info('ghost text is ' .. (is_on and 'on.' or 'off.'))
end

return M
