--- What may be answered to a question of the server's, beside yes and no.

local questions = require('steward.questions')

local M = {}

---@class steward.Answer What goes back, beside the digest; nothing that the question does not take.
---@field choice 'approve'|'reject'
---@field reason? string Why not; it goes to the agent.
---@field isForRun? boolean
---@field isStepByStep? boolean
---@field plan? table Another plan than the one that was refused.

--- No, and why. An empty reason is no answer: the plain no has a key of its own.
---@param question steward.Question
local function reject_because(question)
  vim.ui.input({ prompt = 'Why not? The agent is told: ' }, function(reason)
    if reason and vim.trim(reason) ~= '' then
      questions.answer(question, { choice = 'reject', reason = vim.trim(reason) })
    end
  end)
end

---@param plan table
---@return fun(question: steward.Question)
local function editing(plan)
  return function(question)
    require('steward.plan').edit(question, plan)
  end
end

---@param plan table
---@return fun(question: steward.Question)
local function reordering(plan)
  return function(question)
    require('steward.plan_order').edit(question, plan)
  end
end

---@param params steward.AskParams
---@param id string
---@return steward.Choice?
local function plain(params, id)
  for _, choice in ipairs(params.choices) do
    if choice.id == id then
      return { id = id, title = choice.title, answer = { choice = id } }
    end
  end
end

--- The choices of a question, those beside yes and no with keys of their own.
---@param params steward.AskParams
---@return steward.Choice[]
function M.choices(params)
  local takes, found = params.takes or {}, {}
  ---@param extra string
  ---@param choice steward.Choice
  local function add(extra, choice)
    if vim.list_contains(takes, extra) then
      found[#found + 1] = choice
    end
  end
  found[1] = plain(params, 'approve')
  add('step_by_step', {
    id = 'step_by_step',
    key = 's',
    title = 'Step by step',
    answer = { choice = 'approve', isStepByStep = true },
  })
  add('for_run', {
    id = 'for_run',
    key = 'g',
    title = 'Allow for this run',
    answer = { choice = 'approve', isForRun = true },
  })
  if type(params.plan) == 'table' then
    add('edited_plan', { id = 'edit', key = 'e', title = 'Edit', ask = editing(params.plan) })
  end
  found[#found + 1] = plain(params, 'reject')
  add('reason', { id = 'reason', key = 'R', title = 'No, with a reason', ask = reject_because })
  if type(params.plan) == 'table' then
    add('edited_plan', { id = 'order', key = 'o', title = 'Reorder', ask = reordering(params.plan) })
  end
  return found
end

--- What the yes for the rest of the run would cover; nil where there is none.
---@param params steward.AskParams
---@return string?
function M.grant(params)
  if vim.list_contains(params.takes or {}, 'for_run') then
    return (('g also covers, until the run ends: %s'):format(params.grant or ''):gsub('%s+', ' '))
  end
end

return M
