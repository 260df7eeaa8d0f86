--- The suggestion behind the cursor: moved along with what is typed, and taken whole or in part.
---
--- By itself Neovim goes on showing a suggestion until the next answer, whatever was typed since;
--- puts a suggestion that is taken where it was offered and not where the cursor is by then; and
--- asks a fifth of a second after a key, before the server begins to wait for a pause of its own.
--- The first two are never right, so the shown suggestion follows the text here. The third is time
--- lost: the server knows the rhythm of the typing, and hears of every key.

local M = {}

local METHOD = 'textDocument/inlineCompletion'

--- How soon after a key the server is asked; keys of one burst, as of a mapping, ask once.
local ASKED_AFTER_MS = 20

--- Neovim's own state of inline completion in a buffer; nil where another version keeps it
--- elsewhere. Then suggestions are shown as Neovim does it, and taken as here.
---@param bufnr integer
---@return table?
local function shown_in(bufnr)
  local is_there, capability = pcall(require, 'vim.lsp._capability')
  local inline = is_there and capability.all and capability.all.inline_completion
  local state = inline and inline.active and inline.active[bufnr]
  return state and state.show and state.automatic_request and state or nil
end

--- Whether this Neovim lets a suggestion follow the typing; true where nothing is known yet.
---@return boolean
function M.can_follow()
  local is_there, capability = pcall(require, 'vim.lsp._capability')
  local inline = is_there and capability.all and capability.all.inline_completion
  return is_there and (inline == nil or (inline.active and inline.show and inline.automatic_request) ~= nil)
end

---@param item vim.lsp.inline_completion.Item
---@return boolean
local function is_ours(item)
  local client = vim.lsp.get_client_by_id(item.client_id)
  return client ~= nil and client.name == require('steward.server').name
end

--- The item for the text as it is: what is left of it at the cursor, or nil when something else was
--- typed.
---@param bufnr integer
---@param item vim.lsp.inline_completion.Item
---@return vim.lsp.inline_completion.Item?
local function at_cursor(bufnr, item)
  if type(item.insert_text) ~= 'string' or item.range == nil or bufnr ~= vim.api.nvim_get_current_buf() then
    return item
  end
  local start_row, start_col, end_row, end_col = item.range:to_extmark()
  local row, col = unpack(vim.api.nvim_win_get_cursor(0))
  row = row - 1
  if row < start_row or (row == start_row and col < start_col) or start_row ~= end_row then
    return nil
  end
  local after = vim.api.nvim_get_current_line():sub(col + 1)
  local replaced = end_col - start_col
  if (item._line_after or after) ~= after or replaced > #after then
    return nil
  end
  local is_there, typed = pcall(vim.api.nvim_buf_get_text, bufnr, start_row, start_col, row, col, {})
  -- Lines end here as they do in a buffer, whatever ends them in the file.
  local text = item.insert_text:gsub('\r\n?', '\n')
  local begin = is_there and table.concat(typed, '\n')
  if not begin or not vim.startswith(text, begin) or begin == text then
    return nil
  end
  return vim.tbl_extend('force', item, {
    insert_text = text:sub(#begin + 1),
    range = vim.range.extmark(bufnr, row, col, row, col + replaced),
    _line_after = after,
  })
end

--- Take back the questions of ours that are not answered yet.
---@param bufnr integer
local function cancel_older(bufnr)
  for _, client in ipairs(vim.lsp.get_clients { name = require('steward.server').name, bufnr = bufnr }) do
    for id, request in pairs(client.requests) do
      if request.type == 'pending' and request.method == METHOD and request.bufnr == bufnr then
        client:cancel_request(id)
      end
    end
  end
end

--- Let the suggestion in this buffer follow the text, and ask for the next one without delay.
---@param bufnr integer
function M.follow(bufnr)
  local state = shown_in(bufnr)
  if state == nil or rawget(state, 'follows_text') then
    return
  end
  state.follows_text = true
  local show = state.show
  state.show = function(self, hint)
    if self.current and is_ours(self.current) then
      self.current = at_cursor(self.bufnr, self.current)
    end
    return show(self, hint)
  end
  state.automatic_request = function(self)
    self:show()
    self:reset_timer()
    self.timer = vim.defer_fn(function()
      -- Only now: what is under way and agrees with the text is not given up before it is joined.
      cancel_older(self.bufnr)
      self:request(vim.lsp.protocol.InlineCompletionTriggerKind.Automatic)
    end, ASKED_AFTER_MS)
  end
end

--- Put the beginning of the suggestion into the text, and go on showing the rest.
---@param bufnr integer
---@param item vim.lsp.inline_completion.Item
---@param piece string
local function insert(bufnr, item, piece)
  local row, col = item.range:to_extmark()
  local lines = vim.split(piece, '\n', { plain = true })
  vim.api.nvim_buf_set_text(bufnr, row, col, row, col, lines)
  local last = lines[#lines]
  vim.api.nvim_win_set_cursor(0, { row + #lines, (#lines == 1 and col or 0) + #last })
  local state = shown_in(bufnr)
  if state and rawget(state, 'follows_text') then
    state.current = item
    state:show()
  end
end

--- What is put in whole, after a part was put in where only that is wanted.
---@param item vim.lsp.inline_completion.Item
---@param part fun(text: string): string
---@return vim.lsp.inline_completion.Item?
local function taken(item, part)
  if not is_ours(item) then
    return item
  end
  local bufnr = vim.api.nvim_get_current_buf()
  local left = at_cursor(bufnr, item)
  local text = left and left.insert_text
  if type(text) ~= 'string' then
    return left
  end
  local piece = part(text)
  if piece == text then
    return left
  end
  insert(bufnr, left, piece)
end

--- Whether there is something to take in the current buffer; nil where only trying tells.
---@return boolean?
function M.is_there()
  local state = shown_in(vim.api.nvim_get_current_buf())
  if state then
    return state.current ~= nil
  end
end

--- Take as much of the suggestion as `part` gives of its text; false where there is none.
---@param part fun(text: string): string
---@return boolean
function M.take(part)
  local state = shown_in(vim.api.nvim_get_current_buf())
  if state == nil then
    return vim.lsp.inline_completion.get {
      on_accept = function(item)
        return taken(item, part)
      end,
    }
  end
  -- Now, and not a little later as Neovim does it: the keys that follow are typed behind it.
  local item = state.current
  if item == nil then
    return false
  end
  state:abort()
  local left = taken(item, part)
  if left then
    state:accept(left)
  end
  return true
end

---@param text string
---@return string
function M.whole(text)
  return text
end

--- The next word, with the blanks and line ends before it; or the next signs that make no word.
---@param text string
---@return string
function M.word(text)
  local word = vim.fn.matchstr(text, [=[^[[:space:]]*\%(\k\+\|\%(\k\@![^[:space:]]\)\+\)]=])
  return word ~= '' and word or text
end

--- The rest of the line, or the next line where the rest is empty.
---@param text string
---@return string
function M.line(text)
  return text:match('^\n*[^\n]+') or text
end

return M
