--- The questions that wait for a person, and the ways to answer one.
---
--- Each is kept until it is answered or closed. A window that was closed answers nothing: the
--- question stays here, in the status, and under `:Steward questions`.

local messages = require('steward.messages')

local M = {}

---@class steward.Choice
---@field id string
---@field title string
---@field key? string The key that is its own; else it has that of its id, or a number.
---@field answer? steward.Answer What is answered; without it the id is.
---@field ask? fun(question: steward.Question) Asks for more, and answers then.

---@class steward.Question
---@field id string
---@field client_id integer
---@field title string
---@field about? string What tells it from another with the same title.
---@field choices steward.Choice[]
---@field fingerprint string Differs when what is shown differs, even under the same id.
---@field announce fun(question: steward.Question) Show it without taking the cursor.
---@field open fun(question: steward.Question) Show it and take the cursor there.
---@field hide fun() Take it off the screen.

---@class steward.Open
---@field question steward.Question
---@field settle fun(answer?: string|steward.Answer)

--- The oldest first.
---@type steward.Open[]
local open = {}

---@param id string
---@return steward.Open?, integer?
local function find(id)
  for index, entry in ipairs(open) do
    if entry.question.id == id then
      return entry, index
    end
  end
end

--- Hand the answer to the request that waits for it, from the main loop.
---@param waiting thread
---@return fun(answer?: string|steward.Answer)
local function settler(waiting)
  return function(answer)
    vim.schedule(function()
      local is_fine, problem = coroutine.resume(waiting, answer)
      if not is_fine then
        messages.error(('an answer could not be sent: %s'):format(problem))
      end
    end)
  end
end

--- Whether keys go where the person expects a window to appear now.
---@return boolean
local function may_appear()
  return vim.api.nvim_get_mode().mode == 'n' and vim.fn.getcmdwintype() == ''
end

---@param question steward.Question
local function announce(question)
  if may_appear() and pcall(question.announce, question) then
    return
  end
  messages.info(('%s. :Steward questions opens it.'):format(question.title))
end

--- Ask, and wait in this coroutine: the answer, or nil when it was closed unanswered.
---@param question steward.Question
---@return (string|steward.Answer)?
function M.ask(question)
  local settle = settler(assert(coroutine.running()))
  local before, index = find(question.id)
  local is_repeated = before ~= nil and before.question.fingerprint == question.fingerprint
  if before then
    -- Only the latest request is answered, and only with what it asks in view.
    before.settle(nil)
    if not is_repeated then
      before.question.hide()
    end
    open[index] = { question = is_repeated and before.question or question, settle = settle }
  else
    open[#open + 1] = { question = question, settle = settle }
  end
  require('steward.status').changed()
  if not is_repeated then
    announce(question)
  end
  return coroutine.yield()
end

---@param id string
---@param answer? string|steward.Answer
local function settle_question(id, answer)
  local entry, index = find(id)
  if entry == nil then
    return
  end
  table.remove(open, index)
  entry.question.hide()
  entry.settle(answer)
  require('steward.status').changed()
end

--- Answer an open question; false where it is no longer open.
---@param question steward.Question
---@param answer string|steward.Answer
---@return boolean
function M.answer(question, answer)
  local entry = find(question.id)
  if entry == nil or entry.question ~= question then
    question.hide()
    messages.info('this question is no longer open.')
    return false
  end
  settle_question(question.id, answer)
  if open[1] then
    announce(open[1].question)
  end
  return true
end

--- Take a question away unanswered, however the server spells its id.
---@param params { id: string }
function M.closed(params)
  settle_question(M.plain_id(params.id), nil)
end

--- The id without the prefix that a proposal's annotation bears.
---@param spelled string
---@return string
function M.plain_id(spelled)
  return (spelled:gsub('^steward:', ''))
end

--- Take all questions of a server away; it is gone.
---@param client_id integer
function M.close_all(client_id)
  for _, question in ipairs(M.all()) do
    if question.client_id == client_id then
      settle_question(question.id, nil)
    end
  end
end

--- All open questions, the oldest first.
---@return steward.Question[]
function M.all()
  return vim.tbl_map(function(entry)
    return entry.question
  end, open)
end

--- Bring one into view, alone.
---@param question steward.Question
local function bring(question)
  for _, other in ipairs(M.all()) do
    if other ~= question then
      other.hide()
    end
  end
  question:open()
end

---@param question steward.Question
---@return string
local function in_list(question)
  return question.about and ('%s: %s'):format(question.title, question.about) or question.title
end

--- Let the person pick one and bring it into view; the only one needs no picking.
function M.show()
  local questions = M.all()
  if #questions == 1 then
    bring(questions[1])
  elseif #questions > 1 then
    local options = { prompt = 'Steward: open questions', format_item = in_list }
    vim.ui.select(questions, options, function(question)
      if question and find(question.id) then
        bring(question)
      end
    end)
  end
end

return M
