--- A plan as JSON in a buffer: what is written there is sent, and asked about in its turn.

local messages = require('steward.messages')
local plan_buffer = require('steward.plan_buffer')

local M = {}

local INDENT = '  '

--- The order in which a person reads a plan.
local places = { summary = 1, steps = 2, questions = 3, title = 4, tool = 5, detail = 6, files = 7 }

---@param object table
---@return string[]
local function names(object)
  local found = vim.tbl_keys(object)
  table.sort(found, function(one, other)
    local first, second = places[one] or math.huge, places[other] or math.huge
    if first == second then
      return one < other
    end
    return first < second
  end)
  return found
end

---@param parts string[]
---@param brackets string
---@param margin string
---@return string
local function enclosed(parts, brackets, margin)
  local inner = '\n' .. margin .. INDENT
  local text = table.concat(parts, ',' .. inner)
  return brackets:sub(1, 1) .. inner .. text .. '\n' .. margin .. brackets:sub(2)
end

---@param value any
---@param margin string
---@return string
local function written(value, margin)
  if type(value) ~= 'table' or next(value) == nil then
    return vim.json.encode(value)
  end
  local deeper, parts = margin .. INDENT, {}
  if vim.islist(value) then
    for index, item in ipairs(value) do
      parts[index] = written(item, deeper)
    end
    return enclosed(parts, '[]', margin)
  end
  for index, name in ipairs(names(value)) do
    parts[index] = vim.json.encode(name) .. ': ' .. written(value[name], deeper)
  end
  return enclosed(parts, '{}', margin)
end

--- What the buffer holds as a plan; nil and why where it holds none.
---@param bufnr integer
---@return table?, string?
local function read(bufnr)
  local text = table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), '\n')
  local is_json, plan = pcall(vim.json.decode, text)
  if not is_json then
    return nil, plan
  elseif type(plan) ~= 'table' or vim.islist(plan) then
    return nil, 'a plan begins with { and has a summary and steps'
  end
  return plan
end

--- Send what stands in the buffer.
---@param bufnr integer
---@param question steward.Question
local function send(bufnr, question)
  local plan, problem = read(bufnr)
  if plan then
    plan_buffer.send(bufnr, question, plan)
  else
    messages.error(('nothing was sent, the plan cannot be read: %s.'):format(problem))
  end
end

--- Open the plan of a question to be edited. Closing the buffer answers nothing.
---@param question steward.Question
---@param plan table
function M.edit(question, plan)
  plan_buffer.open(question, {
    name = 'steward://plan/' .. question.id .. '.json',
    bar = ':w asks again with this plan',
    filetype = 'json',
    lines = function()
      return vim.split(written(plan, ''), '\n')
    end,
    write = function(bufnr)
      send(bufnr, question)
    end,
  })
end

return M
