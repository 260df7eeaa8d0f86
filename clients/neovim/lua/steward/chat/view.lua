--- The chat on the screen: the conversation above, which only grows, and the prompt below it.

local window = require('steward.window')

local M = {}

local WIDTH = 0.42
local WIDTH_MIN = 50
local PROMPT_LINES = 6
local HINT = 'Ask about the code. @file and #symbol point at it.'

local space = vim.api.nvim_create_namespace('steward.chat')

---@class steward.Span Where a message stands in the buffer, in rows from 0.
---@field message steward.Message
---@field head integer
---@field text integer Where its text begins.
---@field text_end integer The last row of its text.

---@type integer?, integer?
local transcript, prompt

---@type steward.Span[]
local spans = {}

---@type integer?
local origin

---@param bufnr integer?
---@return integer?
local function window_of(bufnr)
  if bufnr and vim.api.nvim_buf_is_valid(bufnr) then
    local here = vim.api.nvim_get_current_tabpage()
    for _, winid in ipairs(vim.fn.win_findbuf(bufnr)) do
      if vim.api.nvim_win_get_tabpage(winid) == here then
        return winid
      end
    end
  end
end

---@return boolean
function M.is_open()
  return window_of(prompt) ~= nil
end

--- The buffers of the chat, which there are from the first time it was opened on.
---@return integer? transcript, integer? prompt
function M.buffers()
  return transcript, prompt
end

---@param name string
---@param map fun(bufnr: integer)
---@return integer
local function buffer(name, map)
  local bufnr = window.buffer({}, 'markdown')
  vim.api.nvim_buf_set_name(bufnr, 'steward://chat/' .. name)
  vim.bo[bufnr].bufhidden, vim.bo[bufnr].buflisted, vim.bo[bufnr].swapfile = 'hide', false, false
  map(bufnr)
  return bufnr
end

local function name_colours()
  vim.api.nvim_set_hl(0, 'StewardPerson', { link = 'Title', default = true })
  vim.api.nvim_set_hl(0, 'StewardAssistant', { link = 'Special', default = true })
  vim.api.nvim_set_hl(0, 'StewardNote', { link = 'Comment', default = true })
end

local function show_hint()
  local lines = vim.api.nvim_buf_get_lines(prompt, 0, 2, false)
  vim.api.nvim_buf_clear_namespace(prompt, space, 0, -1)
  if #lines == 1 and lines[1] == '' then
    local hint = { virt_text = { { HINT, 'StewardNote' } }, virt_text_pos = 'overlay' }
    vim.api.nvim_buf_set_extmark(prompt, space, 0, 0, hint)
  end
end

---@param maps { transcript: fun(bufnr: integer), prompt: fun(bufnr: integer) }
local function make_buffers(maps)
  name_colours()
  if not (transcript and vim.api.nvim_buf_is_valid(transcript)) then
    transcript = buffer('conversation', maps.transcript)
    vim.bo[transcript].undolevels = -1
  end
  if not (prompt and vim.api.nvim_buf_is_valid(prompt)) then
    prompt = buffer('prompt', maps.prompt)
    vim.bo[prompt].modifiable = true
    vim.api.nvim_create_autocmd({ 'TextChanged', 'TextChangedI' }, { buffer = prompt, callback = show_hint })
    show_hint()
  end
end

---@param winid integer
local function dress(winid)
  local wo = vim.wo[winid][0]
  wo.wrap, wo.linebreak, wo.conceallevel, wo.foldenable, wo.list = true, true, 0, false, false
  wo.number, wo.relativenumber, wo.spell = false, false, false
  wo.winfixwidth = true
end

--- A chat has both windows or none.
---@param one integer
---@param other integer
local function close_together(one, other)
  vim.api.nvim_create_autocmd('WinClosed', {
    pattern = tostring(one),
    once = true,
    callback = vim.schedule_wrap(function()
      if vim.api.nvim_win_is_valid(other) then
        -- The last window of all cannot be closed, and is left as it is.
        pcall(vim.api.nvim_win_close, other, false)
      end
    end),
  })
end

--- Open the chat at the side, or go there, with the cursor in the prompt.
---@param maps { transcript: fun(bufnr: integer), prompt: fun(bufnr: integer) }
function M.open(maps)
  if not M.is_open() then
    M.close()
    origin = vim.api.nvim_get_current_win()
    make_buffers(maps)
    local width = math.max(WIDTH_MIN, math.floor(vim.o.columns * WIDTH))
    vim.cmd('botright vertical sbuffer ' .. transcript)
    local above = vim.api.nvim_get_current_win()
    dress(above)
    vim.api.nvim_win_set_width(above, math.min(width, vim.o.columns - 20))
    vim.wo[above][0].signcolumn = 'yes:1'
    vim.cmd('belowright sbuffer ' .. prompt)
    local below = vim.api.nvim_get_current_win()
    vim.api.nvim_win_set_height(below, PROMPT_LINES)
    dress(below)
    vim.wo[below][0].winfixheight, vim.wo[below][0].signcolumn = true, 'no'
    close_together(above, below)
    close_together(below, above)
  end
  vim.api.nvim_set_current_win(assert(window_of(prompt)))
end

--- Take the chat off the screen. What was typed stays, and nothing is stopped.
function M.close()
  for _, bufnr in ipairs({ transcript or -1, prompt or -1 }) do
    local winid = window_of(bufnr)
    if winid then
      pcall(vim.api.nvim_win_close, winid, false)
    end
  end
end

--- Go to the prompt, to type.
function M.to_prompt()
  local winid = window_of(prompt)
  if winid then
    vim.api.nvim_set_current_win(winid)
    vim.cmd('startinsert!')
  end
end

--- What stands above the conversation and above the prompt.
---@param above string
---@param below string
function M.put_bars(above, below)
  for bufnr, words in pairs({ [transcript] = above, [prompt] = below }) do
    local winid = window_of(bufnr)
    if winid then
      vim.wo[winid][0].winbar = ' ' .. words:gsub('%%', '%%%%'):gsub('%s+', ' ') .. '%<'
    end
  end
end

---@return string
function M.typed()
  return prompt and vim.trim(table.concat(vim.api.nvim_buf_get_lines(prompt, 0, -1, false), '\n')) or ''
end

--- Give the prompt another text.
---@param text string
function M.type(text)
  vim.api.nvim_buf_set_lines(prompt, 0, -1, false, vim.split(text, '\n', { plain = true }))
  show_hint()
end

---@param message steward.Message
---@return string
local function head_of(message)
  if message.author == 'person' then
    return 'You'
  end
  local by = { message.agent ~= '' and message.agent or nil }
  by[#by + 1] = message.model ~= '' and message.model or nil
  return #by > 0 and ('Steward (%s)'):format(table.concat(by, ', ')) or 'Steward'
end

local states = {
  answering = 'answering… <C-c> stops it',
  stopped = 'stopped',
  failed = 'failed',
}

--- What is said below a message, one matter a line.
---@param message steward.Message
---@return string[]
local function foot_of(message)
  local lines = {}
  local titles = vim.tbl_map(function(attachment)
    return attachment.title
  end, message.attachments or {})
  vim.list_extend(titles, message.mentions or {})
  if #titles > 0 then
    lines[1] = 'with ' .. table.concat(titles, ', ')
  end
  for _, left in ipairs(message.leftOut or {}) do
    lines[#lines + 1] = ('left out: %s, %s'):format(left.what, left.why)
  end
  local parts = { states[message.state] }
  parts[#parts + 1] = message.note ~= '' and message.note or nil
  parts[#parts + 1] = message.state == 'answering' and (message.step or '') ~= '' and message.step or nil
  parts[#parts + 1] = message.cost ~= '' and message.cost or nil
  lines[#lines + 1] = #parts > 0 and table.concat(parts, ' · ') or nil
  return vim.tbl_map(function(line)
    return '  ' .. line:gsub('%s+', ' ')
  end, lines)
end

---@param span steward.Span
local function colour(span)
  local is_person = span.message.author == 'person'
  local name = is_person and 'StewardPerson' or 'StewardAssistant'
  -- The sign beside it is ours: a text that writes such a line has none.
  vim.api.nvim_buf_set_extmark(transcript, space, span.head, 0, {
    line_hl_group = name,
    sign_text = is_person and '>' or '*',
    sign_hl_group = name,
  })
end

---@param span steward.Span
---@param count integer
local function colour_foot(span, count)
  if count > 0 then
    vim.api.nvim_buf_set_extmark(transcript, space, span.text_end + 1, 0, {
      end_row = span.text_end + 1 + count,
      hl_group = 'StewardNote',
      hl_eol = true,
    })
  end
end

---@param change fun()
local function write(change)
  vim.bo[transcript].modifiable = true
  change()
  vim.bo[transcript].modifiable = false
end

--- Keep windows at the end that were at the end, around a change.
---@param change fun()
local function following(change)
  local last, at_end = vim.api.nvim_buf_line_count(transcript), {}
  for _, winid in ipairs(vim.fn.win_findbuf(transcript)) do
    if vim.api.nvim_win_get_cursor(winid)[1] >= last then
      at_end[#at_end + 1] = winid
    end
  end
  write(change)
  for _, winid in ipairs(at_end) do
    vim.api.nvim_win_set_cursor(winid, { vim.api.nvim_buf_line_count(transcript), 0 })
  end
end

--- Go to the end of the conversation, from where it is followed.
function M.to_end()
  local winid = window_of(transcript)
  if winid then
    vim.api.nvim_win_set_cursor(winid, { vim.api.nvim_buf_line_count(transcript), 0 })
  end
end

--- Write the whole conversation anew.
---@param messages steward.Message[]
function M.render(messages)
  if not (transcript and vim.api.nvim_buf_is_valid(transcript)) then
    return
  end
  local lines, feet = {}, {}
  spans = {}
  for index, message in ipairs(messages) do
    local span = { message = message, head = #lines, text = #lines + 1 }
    lines[#lines + 1] = '## ' .. head_of(message):gsub('%s+', ' ')
    vim.list_extend(lines, vim.split(message.text, '\n', { plain = true }))
    span.text_end = #lines - 1
    feet[index] = foot_of(message)
    vim.list_extend(lines, feet[index])
    if index < #messages then
      lines[#lines + 1] = ''
    end
    spans[index] = span
  end
  following(function()
    vim.api.nvim_buf_clear_namespace(transcript, space, 0, -1)
    vim.api.nvim_buf_set_lines(transcript, 0, -1, false, lines)
  end)
  for index, span in ipairs(spans) do
    colour(span)
    colour_foot(span, #feet[index])
  end
end

--- Put what came to the end of the last message, and say below it how it stands.
---@param message steward.Message
---@param add string
function M.grow(message, add)
  local span = spans[#spans]
  if span == nil or span.message ~= message or not vim.api.nvim_buf_is_valid(transcript) then
    return
  end
  local foot = foot_of(message)
  following(function()
    local row = span.text_end
    local last = vim.api.nvim_buf_get_lines(transcript, row, row + 1, false)[1]
    local pieces = vim.split(add, '\n', { plain = true })
    vim.api.nvim_buf_set_text(transcript, row, #last, row, #last, pieces)
    span.text_end = row + #pieces - 1
    vim.api.nvim_buf_set_lines(transcript, span.text_end + 1, -1, false, foot)
  end)
  vim.api.nvim_buf_clear_namespace(transcript, space, span.text_end + 1, -1)
  colour_foot(span, #foot)
end

--- The message that the cursor of the conversation is in, and the row of its text, from 1.
---@return steward.Message?, integer?
function M.under_cursor()
  local winid = window_of(transcript)
  local row = winid and vim.api.nvim_win_get_cursor(winid)[1] - 1
  for _, span in ipairs(winid and spans or {}) do
    if row >= span.head and row <= span.text_end then
      return span.message, row - span.text + 1
    end
  end
end

--- Go to the next message, or the one before.
---@param step 1|-1
function M.jump(step)
  local row, target = vim.fn.line('.') - 1, nil
  for _, span in ipairs(spans) do
    if step == 1 and span.head > row then
      target = span.head
      break
    elseif step == -1 and span.head < row then
      target = span.head
    end
  end
  if target then
    vim.api.nvim_win_set_cursor(0, { target + 1, 0 })
  end
end

--- The window with the file that the person works on.
---@return integer?
function M.work_window()
  local candidates = { origin or -1, vim.fn.win_getid(vim.fn.winnr('#')) }
  vim.list_extend(candidates, vim.api.nvim_tabpage_list_wins(0))
  for _, winid in ipairs(candidates) do
    local is_there = vim.api.nvim_win_is_valid(winid) and vim.api.nvim_win_get_config(winid).relative == ''
    local bo = is_there and vim.bo[vim.api.nvim_win_get_buf(winid)]
    if bo and bo.buftype == '' and bo.modifiable then
      return winid
    end
  end
end

return M
