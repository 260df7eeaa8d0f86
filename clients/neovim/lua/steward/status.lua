--- What today cost, what runs, what waits for an answer, and why the AI is off.

local M = {}

---@class steward.Status
---@field spentToday string
---@field spentInSession string
---@field budget string The budget that has least left; the sums that follow are its own.
---@field spent string
---@field reserved string
---@field limit? string None where there is no limit; `left` likewise.
---@field left? string
---@field resetsOn? string None for a session's budget.
---@field openQuestions integer
---@field runs { id: string, agent: string, goal: string, state: string }[]
---@field ai 'ready'|'off'
---@field reason? string

---@type table<integer, steward.Status>
local by_client = {}

---@type integer?
local newest

--- The status of the server behind this buffer, or else the newest.
---@return steward.Status?
function M.current()
  local client = vim.lsp.get_clients({ name = 'steward', bufnr = 0 })[1]
  return client and by_client[client.id] or by_client[newest]
end

--- The number of questions, here or waiting elsewhere.
---@return integer
function M.question_count()
  local status = M.current()
  return math.max(status and status.openQuestions or 0, #require('steward.questions').all())
end

---@param count integer
---@param word string
---@return string?
local function counted(count, word)
  if count > 0 then
    return ('%d %s%s'):format(count, word, count == 1 and '' or 's')
  end
end

--- The status line's part; empty while there is no server.
---@return string
function M.line()
  local status = M.current()
  if status == nil then
    return ''
  end
  local parts = { status.ai == 'off' and 'AI off' or nil }
  parts[#parts + 1] = status.spentToday .. ' today'
  parts[#parts + 1] = counted(#status.runs, 'run')
  parts[#parts + 1] = counted(M.question_count(), 'question')
  -- A status line would take a percent sign for an item of its own.
  return (table.concat(parts, ' · '):gsub('%%', '%%%%'))
end

--- The budget that has least left, as the tooltip in VS Code words it.
---@param status steward.Status
---@return string
local function budget(status)
  local parts = { ('- Spent %s%s'):format(status.spent, status.limit and ' of ' .. status.limit or ', no limit') }
  parts[#parts + 1] = '- Set aside for calls under way ' .. status.reserved
  parts[#parts + 1] = status.left and '- Left ' .. status.left
  parts[#parts + 1] = status.resetsOn and '- Renewed on ' .. status.resetsOn
  return table.concat(parts, '\n')
end

--- Everything that is known, as lines.
---@param status steward.Status
---@return string
function M.page(status)
  local reason = status.reason or 'no reason was given'
  local lines = {
    '# Steward',
    '',
    status.ai == 'off' and 'AI is off: ' .. reason or 'AI is ready.',
    '',
    ('Spent today %s, in this window %s.'):format(status.spentToday, status.spentInSession),
    '',
    (status.budget:gsub('^%l', string.upper)) .. ':',
    '',
    budget(status),
    '',
    ('Open questions: %d.'):format(M.question_count()),
  }
  for _, run in ipairs(status.runs) do
    lines[#lines + 1] = ('- %s: %s (%s)'):format(run.agent, run.goal, run.state)
  end
  return table.concat(lines, '\n')
end

--- Take in what the server says.
---@param status steward.Status
---@param context lsp.HandlerContext
function M.received(status, context)
  for name, value in pairs(status) do
    if value == vim.NIL then
      status[name] = nil
    end
  end
  M.update(context.client_id, status)
end

--- Keep a server's status; nil when it is gone.
---@param client_id integer
---@param status? steward.Status
function M.update(client_id, status)
  by_client[client_id] = status
  newest = status and client_id or next(by_client)
  M.changed()
end

--- Tell status lines to look again.
function M.changed()
  vim.api.nvim_exec_autocmds('User', { pattern = 'StewardStatus', modeline = false })
  vim.cmd.redrawstatus({ bang = true })
end

return M
