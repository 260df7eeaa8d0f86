--- `steward/ask`: the whole text in a window of its own, with the keys that answer it.

local answers = require('steward.answers')
local keys = require('steward.keys')
local questions = require('steward.questions')
local window = require('steward.window')

local M = {}

---@class steward.AskParams
---@field id string
---@field kind 'plan'|'command'|'edit'|'commit'|'pull_request'|'trust'|'instructions'|'mcp'
---@field title string
---@field markdown string Everything the answer is about.
---@field digest string Of what is shown; it goes back with the answer.
---@field choices { id: string, title: string }[]
---@field takes? string[] What the answer may hold beside yes and no; older servers do not say.
---@field grant? string What a yes for the rest of the run would cover.
---@field plan? table Of a plan that can be edited: the plan.

--- Put the question to the person and wait for the answer; `vim.NIL` where there is none.
---@param params steward.AskParams
---@param context lsp.HandlerContext
function M.ask(params, context)
  local answer = questions.ask(M.question(params, context.client_id))
  return answer and vim.tbl_extend('error', answer, { digest = params.digest }) or vim.NIL
end

---@param params steward.AskParams
---@param client_id integer
---@return steward.Question
function M.question(params, client_id)
  ---@type steward.Window?
  local shown
  ---@param question steward.Question
  local function view(question)
    shown = shown
      or window.new({
        title = question.title,
        lines = window.lines(params.markdown),
        syntax = 'markdown',
        keys = keys.line(question),
        note = answers.grant(params),
        map = function(bufnr, close)
          keys.map(bufnr, question, close)
        end,
      })
    return shown
  end
  return {
    id = params.id,
    client_id = client_id,
    title = params.title,
    about = vim.trim(params.markdown):match('^[^\n]*'),
    choices = answers.choices(params),
    fingerprint = params.digest,
    announce = function(question)
      view(question):show(false)
    end,
    open = function(question)
      view(question):show(true)
    end,
    hide = function()
      if shown then
        shown:delete()
        shown = nil
      end
    end,
  }
end

return M
