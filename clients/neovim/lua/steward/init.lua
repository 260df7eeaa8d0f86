--- Steward in Neovim: the parts, joined.

local M = {}

local function start()
  require('steward.ghost').start()
  require('steward.server').start()
end

---@return boolean
local function has_file()
  return vim.iter(vim.api.nvim_list_bufs()):any(function(bufnr)
    return vim.bo[bufnr].filetype ~= ''
  end)
end

--- Start with the first file: until then nothing of Neovim's client is loaded.
local function start_with_a_file()
  if has_file() then
    start()
    return
  end
  vim.api.nvim_create_autocmd('FileType', {
    group = vim.api.nvim_create_augroup('steward', {}),
    once = true,
    -- Afterwards: what is begun for a file in the middle of this event leaves that file out.
    callback = vim.schedule_wrap(start),
  })
end

--- Start Steward for the files of repositories. Every option may be left out.
---@param options? steward.Options
function M.setup(options)
  if vim.fn.has('nvim-0.11') == 0 then
    require('steward.messages').error(
      'Neovim 0.11 or newer is needed, ghost text needs 0.12. This one is older, so nothing is started.'
    )
    return
  end
  local config = require('steward.config')
  if not config.set(options or {}) then
    return
  end
  require('steward.ghost').set_up(config.options)
  require('steward.server').set_up(config.options)
  if vim.v.vim_did_enter == 1 then
    start_with_a_file()
  else
    vim.api.nvim_create_autocmd('VimEnter', {
      group = vim.api.nvim_create_augroup('steward', {}),
      once = true,
      callback = start_with_a_file,
    })
  end
end

--- One line for a status line: today's cost, runs, open questions. Empty while there is no server.
---@return string
function M.status()
  return require('steward.status').line()
end

--- More for a status line: what today cost and what is left, what each agent does, how many
--- questions wait, and why the AI or the ghost text is off. Empty while there is no server.
---@return string
function M.statusline()
  return require('steward.status').component()
end

return M
