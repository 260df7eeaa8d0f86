--- What the person thinks of a run, an answer or a suggestion.

local messages = require('steward.messages')
local server = require('steward.server')

local M = {}

local choices = { { title = 'It was good', verdict = 'good' }, { title = 'It was bad', verdict = 'bad' } }

---@param about 'answer'|'suggestion'|'run'
---@param subject string
---@param verdict 'good'|'bad'
---@param comment string
local function keep(about, subject, verdict, comment)
  local said = { about = about, subject = subject, verdict = verdict, comment = comment }
  server.execute('steward.feedback', said, function()
    messages.info(('kept that the %s was %s.'):format(about, verdict))
  end)
end

--- Ask what they think, and why; nothing is kept where they leave either open.
---@param about 'answer'|'suggestion'|'run'
---@param subject string
---@param title string
local function ask(about, subject, title)
  local options = {
    prompt = ('Steward: %s'):format((title:gsub('%s+', ' '))),
    format_item = function(choice)
      return choice.title
    end,
  }
  vim.ui.select(choices, options, function(choice)
    if choice == nil then
      return
    end
    vim.ui.input({ prompt = 'Why (empty: no more to say)? ' }, function(comment)
      if comment then
        keep(about, subject, choice.verdict, comment)
      end
    end)
  end)
end

--- Say what you think of this run.
---@param run steward.Run
function M.of_run(run)
  ask('run', run.id, run.goal)
end

local function of_answer()
  local found
  for _, message in ipairs(require('steward.chat.conversation').messages()) do
    if message.author == 'assistant' and message.state ~= 'answering' then
      found = message
    end
  end
  if found then
    ask('answer', found.id, 'the last answer of the conversation')
  else
    messages.info('no conversation with an answer is open.')
  end
end

--- Run `:Steward feedback {word}`: run, answer or suggestion; a run where nothing is said.
---@param words string
function M.run(words)
  if words == 'suggestion' then
    ask('suggestion', '', 'the last suggestion')
  elseif words == 'answer' then
    of_answer()
  elseif words == '' or words == 'run' then
    require('steward.runs').pick('Steward: which run?', M.of_run)
  else
    messages.warn(('there is no feedback on %q. There is: answer, run, suggestion.'):format(words))
  end
end

return M
