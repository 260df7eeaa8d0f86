--- What is done with the code in an answer: yanked, put into a file, proposed.

local blocks = require('steward.chat.blocks')
local conversation = require('steward.chat.conversation')
local messages = require('steward.messages')
local server = require('steward.server')
local sources = require('steward.chat.sources')
local view = require('steward.chat.view')

local M = {}

---@param act fun(block: steward.Block, message: steward.Message)
local function with_block(act)
  local message, row = view.under_cursor()
  local block = message and blocks.at(message.text, row)
  if block then
    act(block, message)
  else
    messages.info('put the cursor into a block of code of the conversation.')
  end
end

--- Yank the block of code under the cursor.
function M.yank()
  local register = vim.v.register
  with_block(function(block)
    vim.fn.setreg(register, block.lines, 'l')
    messages.info(('%d lines yanked.'):format(#block.lines))
  end)
end

--- Put the block of code under the cursor behind the cursor's line of the file beside the chat.
function M.put()
  with_block(function(block)
    local work = view.work_window()
    if work == nil then
      messages.info('open the file that it should go into beside the chat.')
      return
    end
    local row = vim.api.nvim_win_get_cursor(work)[1]
    vim.api.nvim_buf_set_lines(vim.api.nvim_win_get_buf(work), row, row, false, block.lines)
    vim.api.nvim_set_current_win(work)
    vim.api.nvim_win_set_cursor(work, { row + 1, 0 })
  end)
end

--- Make a proposal of the block of code under the cursor. It is asked about like every other.
function M.apply()
  with_block(function(block, message)
    local work = view.work_window()
    local bufnr = work and vim.api.nvim_win_get_buf(work)
    local argument = {
      conversationId = conversation.id(),
      messageId = message.id,
      block = block.number,
      uri = bufnr and sources.path_of(bufnr) and vim.uri_from_bufnr(bufnr) or nil,
    }
    server.execute('steward.chat.apply', argument, function(ended)
      messages[ended.state == 'applied' and 'info' or 'warn'](ended.outcome)
    end)
  end)
end

return M
