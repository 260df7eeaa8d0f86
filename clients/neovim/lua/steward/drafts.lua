--- Messages for commits and pull requests, written by a model to be used or not. Nothing is committed.

local messages = require('steward.messages')
local server = require('steward.server')

local M = {}

--- Say what the model did not see.
---@param left_out string[]
local function tell_left_out(left_out)
  if #left_out > 0 then
    messages.info('the model did not see: ' .. table.concat(left_out, '; '))
  end
end

---@param name string
---@param lines string[]
---@param filetype string
local function open(name, lines, filetype)
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].bufhidden, vim.bo[bufnr].modeline = 'wipe', false
  vim.cmd('botright sbuffer ' .. bufnr)
  pcall(vim.api.nvim_buf_set_name, bufnr, ('steward://%s/%d'):format(name, bufnr))
  -- A plugin for the type may be broken; the text is there all the same.
  pcall(vim.api.nvim_set_option_value, 'filetype', filetype, { buf = bufnr })
end

--- Put the message on top of a commit's buffer; what the person wrote there stays below it.
---@param bufnr integer
---@param lines string[]
local function fill(bufnr, lines)
  local first = vim.api.nvim_buf_get_lines(bufnr, 0, 1, false)[1]
  local is_blank = first == ''
  vim.api.nvim_buf_set_lines(bufnr, 0, is_blank and 1 or 0, false, vim.list_extend(lines, { '' }))
end

--- Have a message written for the commit that is being made here, or to be looked at.
function M.commit()
  local bufnr = vim.api.nvim_get_current_buf()
  local is_commit = vim.bo[bufnr].filetype == 'gitcommit'
  messages.info('a commit message is being written…')
  server.execute('steward.commit.message', vim.empty_dict(), function(draft)
    local lines = vim.split(vim.trim(draft.message), '\n', { plain = true })
    if is_commit and vim.api.nvim_buf_is_valid(bufnr) then
      fill(bufnr, lines)
    else
      open('commit-message', lines, 'gitcommit')
    end
    tell_left_out(draft.leftOut)
  end)
end

--- Have title and text of a pull request written, against this branch or the one of custom.
---@param base string
function M.pull_request(base)
  messages.info('the text of a pull request is being written…')
  server.execute('steward.pullRequest.text', { base = base }, function(draft)
    local lines = { draft.title, '' }
    open('pull-request', vim.list_extend(lines, vim.split(draft.body, '\n', { plain = true })), 'markdown')
    tell_left_out(draft.leftOut)
  end)
end

return M
