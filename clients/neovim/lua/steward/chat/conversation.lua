--- The conversation that is open: its messages as the server has them, and as they grow.

local server = require('steward.server')

local M = {}

---@class steward.Message
---@field id string
---@field author 'person'|'assistant'
---@field text string
---@field at string
---@field mode string
---@field agent string
---@field model string
---@field state 'answering'|'finished'|'failed'|'stopped'
---@field note string Why it failed or was stopped.
---@field runId string
---@field cost string
---@field attachments { kind: string, title: string }[]
---@field mentions string[]
---@field leftOut { what: string, why: string }[]
---@field sequence? integer The last piece that is in it; nil where that is not known.
---@field step? string What its run does now.

---@class steward.ChatPiece
---@field conversationId string
---@field messageId string
---@field sequence integer
---@field add string
---@field state string
---@field note string
---@field runId string
---@field step string
---@field cost string

---@class steward.Watcher Whoever shows the conversation.
---@field whole fun() Everything may be another.
---@field grown fun(message: steward.Message, add: string) The last message got more text, or another state.

---@type string
local id = ''
local title = ''
---@type steward.Message[]
local messages = {}
---@type steward.Watcher
local watcher
local is_sending = false

--- Pieces that came while the messages were on their way that they belong to; nil outside of that.
---@type steward.ChatPiece[]?
local held

---@return string
function M.id()
  return id
end

---@return string
function M.title()
  return title ~= '' and title or 'New chat'
end

---@return steward.Message[]
function M.messages()
  return messages
end

---@param by steward.Watcher
function M.watch(by)
  watcher = by
end

--- Whether an answer is under way.
---@return boolean
function M.is_answering()
  local last = messages[#messages]
  return is_sending or last ~= nil and last.state == 'answering'
end

--- Begin anew; the server knows of it with the first message.
function M.begin()
  id, title, messages = '', '', {}
  watcher.whole()
end

--- Take in what was held back.
local function release()
  local pieces = held or {}
  held = nil
  for _, piece in ipairs(pieces) do
    M.received(piece)
  end
end

--- Read a conversation from the server.
---@param wanted string
function M.load(wanted)
  held = held or {}
  local is_asked = server.execute('steward.chat.show', { conversationId = wanted }, function(found)
    found = require('steward.status').without_nulls(found)
    id, title, messages = found.id, found.title, found.messages
    local last = messages[#messages]
    for _, piece in ipairs(held or {}) do
      local is_of_last = last and last.sequence == nil and piece.messageId == last.id
      -- What came before the answer is in it; only an end may have come after.
      if is_of_last and piece.state == 'answering' then
        held = {}
      end
    end
    release()
    watcher.whole()
  end, release)
  if not is_asked then
    held = nil
  end
end

--- Read anew what is open; something was missed, or there is another server.
function M.reload()
  if id ~= '' then
    M.load(id)
  end
end

---@param message_id string
---@return steward.Message?
local function last_with(message_id)
  local last = messages[#messages]
  return last and last.id == message_id and last or nil
end

--- Take in a piece of an answer. Whoever missed one reads it all anew.
---@param piece steward.ChatPiece
function M.received(piece)
  if watcher == nil then
    return
  elseif held then
    held[#held + 1] = piece
    return
  elseif piece.conversationId ~= id then
    return
  end
  local message = last_with(piece.messageId)
  local known = message and message.sequence
  if known and piece.sequence <= known then
    return
  elseif message == nil or known and piece.sequence > known + 1 then
    M.reload()
    return
  end
  message.text, message.sequence = message.text .. piece.add, piece.sequence
  message.state, message.note = piece.state, piece.note or ''
  message.step, message.cost = piece.step or '', piece.cost or ''
  watcher.grown(message, piece.add)
  if piece.state ~= 'answering' then
    -- What was left out, and all else that only the whole message tells.
    M.reload()
  end
end

---@param sent table
---@param result { conversationId: string, messageId: string, answerId: string, runId: string }
local function add_both(sent, result)
  local by = { mode = sent.mode, agent = sent.agent or '', model = sent.model or '' }
  local shared = vim.tbl_extend('error', by, { at = '', note = '', cost = '', leftOut = {} })
  messages[#messages + 1] = vim.tbl_extend('error', shared, {
    id = result.messageId,
    author = 'person',
    text = sent.text,
    state = 'finished',
    runId = '',
    attachments = sent.attachments or {},
    mentions = sent.mentions or {},
  })
  messages[#messages + 1] = vim.tbl_extend('error', shared, {
    id = result.answerId,
    author = 'assistant',
    text = '',
    state = 'answering',
    runId = result.runId,
    attachments = {},
    mentions = {},
    sequence = 0,
  })
end

--- Send a message; `done` is called once the server has it.
---@param what table
---@param done fun()
function M.send(what, done)
  local argument = vim.tbl_extend('force', what, { conversationId = id ~= '' and id or nil })
  is_sending, held = true, {}
  local is_asked = server.execute('steward.chat.send', argument, function(result)
    is_sending = false
    id = result.conversationId
    title = title ~= '' and title or what.text:match('[^\n]*')
    add_both(what, result)
    watcher.whole()
    release()
    done()
  end, function()
    is_sending = false
    release()
  end)
  if not is_asked then
    is_sending, held = false, nil
  end
end

return M
