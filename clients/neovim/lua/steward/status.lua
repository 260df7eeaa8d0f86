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
---@field runs { id: string, agent: string, goal: string, state: string, context?: steward.Context }[]
---@field ai 'ready'|'off'
---@field reason? string
---@field ghostText? { state: 'ready'|'quiet'|'off'|'unavailable', reason?: string } Older servers do not say.

---@class steward.Context How much of its room a conversation takes, in tokens.
---@field tokens integer
---@field room integer
---@field shortened integer
---@field leftOut integer

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

--- What keeps ghost text away where it was asked for last.
---@param status steward.Status
---@return string?
function M.why_no_ghost_text(status)
  return status.ghostText and status.ghostText.reason
end

--- Whether ghost text is off for a reason of its own, and not because the AI is.
---@param status steward.Status
---@return boolean
function M.is_ghost_text_away(status)
  local state = status.ghostText and status.ghostText.state
  return status.ai == 'ready' and (state == 'off' or state == 'unavailable')
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
  parts[#parts + 1] = M.is_ghost_text_away(status) and 'no ghost text' or nil
  parts[#parts + 1] = counted(#status.runs, 'run')
  parts[#parts + 1] = counted(M.question_count(), 'question')
  -- A status line would take a percent sign for an item of its own.
  return (table.concat(parts, ' · '):gsub('%%', '%%%%'))
end

--- How long a reason may be in a status line, which others share.
local REASON_CHARS_MAX = 40

---@param reason? string
---@return string
local function short(reason)
  local words = (reason or ''):gsub('%s+', ' '):gsub('%.$', '')
  if vim.fn.strchars(words) > REASON_CHARS_MAX then
    words = vim.fn.strcharpart(words, 0, REASON_CHARS_MAX - 1) .. '…'
  end
  return words ~= '' and ': ' .. words or ''
end

--- More for a status line: what is left, what each agent does, what waits, and why something is off.
---@return string
function M.component()
  local status = M.current()
  if status == nil then
    return ''
  end
  local parts = { status.ai == 'off' and 'AI off' .. short(status.reason) or nil }
  parts[#parts + 1] = status.left and ('%s today, %s left'):format(status.spentToday, status.left)
    or status.spentToday .. ' today'
  for _, run in ipairs(status.runs) do
    parts[#parts + 1] = ('%s %s'):format(run.agent, run.state)
  end
  parts[#parts + 1] = counted(M.question_count(), 'question')
  local is_away = M.is_ghost_text_away(status)
  parts[#parts + 1] = is_away and 'no ghost text' .. short(M.why_no_ghost_text(status)) or nil
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

--- How full a run's conversation is, to be put behind something; empty where nobody knows.
---@param context? steward.Context
---@return string
function M.fullness(context)
  if type(context) ~= 'table' or context.room == 0 then
    return ''
  end
  local shortened = context.shortened + context.leftOut > 0 and ', shortened' or ''
  return (', %d %% of its room%s'):format(math.floor(100 * context.tokens / context.room + 0.5), shortened)
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
  local why = M.why_no_ghost_text(status)
  if why then
    vim.list_extend(lines, { '', 'No ghost text: ' .. why, '' })
  end
  for _, run in ipairs(status.runs) do
    local state = run.state .. M.fullness(run.context)
    lines[#lines + 1] = ('- %s: %s (%s)'):format(run.agent, run.goal, state)
  end
  return table.concat(lines, '\n')
end

--- A table without what is null in JSON, down to its last level.
---@generic T: table
---@param given T
---@return T
function M.without_nulls(given)
  for name, value in pairs(given) do
    if value == vim.NIL then
      given[name] = nil
    elseif type(value) == 'table' then
      M.without_nulls(value)
    end
  end
  return given
end

--- Take in what the server says.
---@param status steward.Status
---@param context lsp.HandlerContext
function M.received(status, context)
  M.update(context.client_id, M.without_nulls(status))
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
