--- Pages to read: costs, runs, the audit trail.

local window = require('steward.window')

local M = {}

--- Show a page in a split of its own, in place of the one with the same name.
---@param name string
---@param markdown string
function M.show(name, markdown)
  local title = 'steward://' .. name
  local bufnr = window.buffer(window.lines(markdown), 'markdown')
  vim.bo[bufnr].bufhidden = 'wipe'
  local before = vim.fn.bufnr('^' .. title .. '$')
  local shown = before > 0 and vim.fn.win_findbuf(before)[1]
  if shown then
    vim.api.nvim_win_set_buf(shown, bufnr)
    vim.api.nvim_set_current_win(shown)
  else
    vim.cmd('botright sbuffer ' .. bufnr)
  end
  vim.api.nvim_buf_set_name(bufnr, title)
  vim.wo.wrap, vim.wo.linebreak, vim.wo.conceallevel, vim.wo.foldenable = true, true, 0, false
  local key = { buffer = bufnr, nowait = true, desc = 'Steward: close the page' }
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', key)
end

--- Show the page that a command of the server gives.
---@param name string
---@param command string
---@param argument? table
function M.of(name, command, argument)
  require('steward.server').execute(command, argument, function(result)
    M.show(name, result.markdown)
  end)
end

return M
