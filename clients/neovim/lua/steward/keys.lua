--- The keys that answer a question, where its text is shown.

local M = {}

--- The same answer has the same key everywhere; any other choice is a number.
local known = { approve = 'a', apply = 'a', reject = 'r', discard = 'r' }

---@class steward.Key
---@field key string
---@field choice steward.Choice

---@param choices steward.Choice[]
---@return steward.Key[]
local function keys(choices)
  local found = {}
  for number, choice in ipairs(choices) do
    local key = choice.key or known[choice.id] or tostring(number)
    found[number] = { key = key, choice = choice }
  end
  return found
end

--- What a person may press, in one line.
---@param question steward.Question
---@return string
function M.line(question)
  local parts = vim.tbl_map(function(key)
    return ('%s = %s'):format(key.key, key.choice.title)
  end, keys(question.choices))
  parts[#parts + 1] = 'q = later'
  return table.concat(parts, '   ')
end

---@param question steward.Question
---@param choice steward.Choice
local function pick(question, choice)
  if choice.ask then
    choice.ask(question)
  else
    require('steward.questions').answer(question, choice.answer or choice.id)
  end
end

--- Set the keys in a buffer. `later` closes without an answer.
---@param bufnr integer
---@param question steward.Question
---@param later fun()
function M.map(bufnr, question, later)
  for _, key in ipairs(keys(question.choices)) do
    vim.keymap.set('n', key.key, function()
      pick(question, key.choice)
    end, { buffer = bufnr, nowait = true, desc = 'Steward: ' .. key.choice.title })
  end
  vim.keymap.set('n', 'q', later, { buffer = bufnr, nowait = true, desc = 'Steward: decide later' })
end

return M
