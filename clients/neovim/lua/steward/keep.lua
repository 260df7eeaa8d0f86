--- Some hunks of a proposal are kept, and the others rejected. The server makes of it what lands.

local messages = require('steward.messages')
local server = require('steward.server')

local M = {}

---@class steward.Hunk
---@field id string
---@field file string
---@field header string
---@field lines string

---@class steward.Choosable
---@field id string
---@field digest string
---@field title string
---@field hunks steward.Hunk[]
---@field takes string[]
---@field runId string
---@field marks? steward.Mark[]
---@field markdown string

---@alias steward.Row { hunk?: steward.Hunk }

--- The first line that a hunk takes away or adds.
---@param hunk steward.Hunk
---@return string
local function first_line(hunk)
  return hunk.lines:match('[^\n]*') or ''
end

---@param question steward.Choosable
---@param kept string[]
---@param reason string
local function answer(question, kept, reason)
  local argument = { id = question.id, digest = question.digest, choice = 'approve', kept = kept }
  argument.reason = reason ~= '' and reason or nil
  server.execute('steward.answer', argument, function()
    messages.info(('%d of %d hunks are kept.'):format(#kept, #question.hunks))
  end)
end

--- Answer with what stayed ticked; of the rest the agent may be told why.
---@param question steward.Choosable
---@param ticked table<string, boolean>
local function finish(question, ticked)
  local kept = {}
  for _, hunk in ipairs(question.hunks) do
    kept[#kept + 1] = ticked[hunk.id] and hunk.id or nil
  end
  if #kept == 0 then
    messages.info('to keep nothing of it, discard it.')
  elseif #kept == #question.hunks then
    answer(question, kept, '')
  else
    vim.ui.input({ prompt = 'Why not the rest? The agent is told (or nothing): ' }, function(reason)
      if reason then
        answer(question, kept, vim.trim(reason))
      end
    end)
  end
end

--- Let the person take ticks away and put them back until they are done. Closing answers nothing.
---@param question steward.Choosable
---@param ticked table<string, boolean>
local function choose(question, ticked)
  local rows = { {} } ---@type steward.Row[]
  for _, hunk in ipairs(question.hunks) do
    rows[#rows + 1] = { hunk = hunk }
  end
  local options = {
    prompt = ('Steward: %s: what is kept? All others are rejected'):format(question.title:gsub('%s+', ' ')),
    format_item = function(row)
      local hunk = row.hunk
      if hunk == nil then
        return 'Keep what is ticked'
      end
      local told = { ticked[hunk.id] and 'x' or ' ', hunk.file, hunk.header, first_line(hunk) }
      return (('[%s] %s %s  %s'):format(unpack(told)):gsub('[\r\n\t]', ' '))
    end,
  }
  vim.ui.select(rows, options, function(row)
    if row and row.hunk then
      ticked[row.hunk.id] = not ticked[row.hunk.id]
      choose(question, ticked)
    elseif row then
      finish(question, ticked)
    end
  end)
end

---@param question steward.Choosable
local function begin(question)
  local ticked = {}
  for _, hunk in ipairs(question.hunks) do
    ticked[hunk.id] = true
  end
  choose(question, ticked)
end

--- Choose among the hunks of the proposal that waits, or of one of several.
function M.choose()
  server.execute('steward.questions', nil, function(open)
    local choosable = vim.tbl_filter(function(question)
      return vim.list_contains(question.takes or {}, 'choice') and type(question.hunks) == 'table'
    end, open)
    if #choosable == 0 then
      messages.info('no open proposal can be kept in part.')
    elseif #choosable == 1 then
      begin(choosable[1])
    else
      local options = {
        prompt = 'Steward: keep some of which proposal?',
        format_item = function(question)
          return (question.title:gsub('%s+', ' '))
        end,
      }
      vim.ui.select(choosable, options, function(question)
        if question then
          begin(question)
        end
      end)
    end
  end)
end

return M
