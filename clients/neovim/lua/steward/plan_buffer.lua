--- A buffer in which a person changes a plan: writing it sends it, and closing it answers nothing.

local questions = require('steward.questions')

local M = {}

---@class steward.PlanBuffer
---@field name string
---@field bar string What may be done with it.
---@field lines fun(): string[] What stands there to begin with.
---@field filetype? string
---@field write fun(bufnr: integer) Sends it.

---@param spec steward.PlanBuffer
---@return integer
local function make(spec)
  local bufnr = vim.api.nvim_create_buf(false, false)
  vim.api.nvim_buf_set_name(bufnr, spec.name)
  local bo = vim.bo[bufnr]
  bo.buftype, bo.swapfile, bo.undofile = 'acwrite', false, false
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, spec.lines())
  bo.modified = false
  if spec.filetype then
    bo.filetype = spec.filetype
  end
  vim.api.nvim_create_autocmd('BufWriteCmd', {
    buffer = bufnr,
    callback = function()
      spec.write(bufnr)
    end,
  })
  return bufnr
end

--- Open it in place of the question, as it was left if it was opened before.
---@param question steward.Question
---@param spec steward.PlanBuffer
function M.open(question, spec)
  local before = vim.fn.bufnr('^' .. spec.name .. '$')
  question.hide()
  vim.cmd('botright sbuffer ' .. (before > 0 and before or make(spec)))
  vim.wo.winbar = ' ' .. spec.bar .. '   :q! leaves the question open%<'
end

--- Refuse the plan that was asked about, for this one; the buffer goes away once it was sent.
---@param bufnr integer
---@param question steward.Question
---@param plan table
function M.send(bufnr, question, plan)
  if not questions.answer(question, { choice = 'reject', plan = plan }) then
    return
  end
  vim.bo[bufnr].modified = false
  -- Afterwards: whoever wrote it may close its window with the same command.
  vim.schedule(function()
    if vim.api.nvim_buf_is_valid(bufnr) then
      vim.api.nvim_buf_delete(bufnr, { force = true })
    end
  end)
end

return M
