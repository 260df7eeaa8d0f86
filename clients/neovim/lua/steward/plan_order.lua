--- The steps of a plan as a list of lines, to be moved and taken out as lines are.
---
--- What is written there is sent as another plan, which is asked about in its turn.

local messages = require('steward.messages')
local plan_buffer = require('steward.plan_buffer')

local M = {}

---@param plan table
---@return string[]
local function lines_of(plan)
  local lines = {}
  for number, step in ipairs(plan.steps) do
    lines[number] = ('%d  %s  (%s)'):format(number, step.title, step.tool):gsub('%s*[\r\n]%s*', ' ')
  end
  return lines
end

--- The plan with the steps that the lines name, in their order; nil and why where they name none.
---@param plan table
---@param lines string[]
---@return table?, string?
function M.ordered(plan, lines)
  local steps, seen = {}, {}
  for _, line in ipairs(lines) do
    local number = tonumber(line:match('^%s*(%d+)%s'))
    local is_text = line:find('%S') ~= nil and not line:find('^%s*#')
    if is_text and (number == nil or plan.steps[number] == nil) then
      return nil, ('%q does not begin with the number of a step'):format(line)
    elseif is_text and seen[number] then
      return nil, ('step %d stands there twice'):format(number)
    elseif is_text then
      seen[number] = true
      steps[#steps + 1] = plan.steps[number]
    end
  end
  if #steps == 0 then
    return nil, 'no step is left; R refuses the plan and says why'
  end
  return vim.tbl_extend('force', plan, { steps = steps })
end

---@param bufnr integer
---@param question steward.Question
---@param plan table
local function send(bufnr, question, plan)
  local ordered, problem = M.ordered(plan, vim.api.nvim_buf_get_lines(bufnr, 0, -1, false))
  if ordered == nil then
    messages.error(('nothing was sent: %s.'):format(problem))
    return
  elseif vim.deep_equal(ordered, plan) then
    messages.info('this is the plan as it was; :q goes back to it.')
    vim.bo[bufnr].modified = false
    return
  end
  plan_buffer.send(bufnr, question, ordered)
end

--- Open the steps of a plan to be moved and taken out. Closing the buffer answers nothing.
---@param question steward.Question
---@param plan table
function M.edit(question, plan)
  plan_buffer.open(question, {
    name = 'steward://order/' .. question.id,
    bar = 'move lines, take lines out; :w asks again with this order',
    lines = function()
      return lines_of(plan)
    end,
    write = function(bufnr)
      send(bufnr, question, plan)
    end,
  })
end

return M
