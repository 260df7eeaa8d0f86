--- A text in a floating window: whole, scrollable, and without taking the cursor unasked.

local M = {}

local WIDTH_MAX = 100
local WIDTH_MIN = 48
local SHARE = 0.7
local HINT = ':Steward questions to answer'

local space = vim.api.nvim_create_namespace('steward.window')

---@class steward.Window
---@field private bufnr integer
---@field private winid? integer
---@field private title string
---@field private hint string What stands on top while the cursor is elsewhere.
---@field private keys string What stands on top while the cursor is here.
local Window = {}
Window.__index = Window

--- A buffer that nobody can edit or save.
---@param lines string[]
---@param syntax string
---@return integer
function M.buffer(lines, syntax)
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  -- What stands there was written by others: no line of it sets an option.
  vim.bo[bufnr].modeline = false
  -- Not the type of the file: plugins act on that, and may hide a part of what must be seen whole.
  vim.bo[bufnr].filetype = 'steward'
  if not pcall(vim.treesitter.start, bufnr, syntax) then
    vim.bo[bufnr].syntax = syntax
  end
  return bufnr
end

---@param text string
---@return string[]
function M.lines(text)
  return vim.split((text:gsub('\n+$', '')), '\n', { plain = true })
end

---@class steward.WindowSpec
---@field title string
---@field lines string[]
---@field syntax string
---@field keys string What may be pressed.
---@field note? string What must be known before one of them is pressed.
---@field map fun(bufnr: integer, close: fun()) Sets the keys.

---@param spec steward.WindowSpec
---@return steward.Window
function M.new(spec)
  local lines = vim.list_extend({ HINT, spec.note or '', spec.note and '' }, spec.lines)
  local self = setmetatable({
    bufnr = M.buffer(lines, spec.syntax),
    title = ' Steward: ' .. spec.title:gsub('%s+', ' ') .. ' ',
    keys = spec.keys,
    hint = HINT,
  }, Window)
  vim.bo[self.bufnr].bufhidden = 'hide'
  spec.map(self.bufnr, function()
    self:hide()
  end)
  return self
end

---@return boolean
function Window:is_shown()
  return self.winid ~= nil and vim.api.nvim_win_is_valid(self.winid)
end

--- Show it. With the cursor it stands in the middle, without it in the corner.
---@param takes_cursor boolean
function Window:show(takes_cursor)
  local here = vim.api.nvim_get_current_tabpage()
  if self:is_shown() and vim.api.nvim_win_get_tabpage(self.winid) ~= here then
    self:hide()
  end
  if not self:is_shown() then
    local look = { style = 'minimal', border = 'rounded', noautocmd = true }
    local config = vim.tbl_extend('error', self:place(takes_cursor), look)
    self.winid = vim.api.nvim_open_win(self.bufnr, false, config)
    local wo = vim.wo[self.winid]
    wo.wrap, wo.linebreak, wo.conceallevel, wo.foldenable = true, true, 0, false
    self:keep_current()
  end
  if takes_cursor then
    vim.api.nvim_set_current_win(self.winid)
  end
  self:lay_out()
end

--- Take it off the screen; the text stays, to be shown again.
function Window:hide()
  if self:is_shown() then
    vim.api.nvim_win_close(self.winid, true)
  end
  self.winid = nil
end

--- Take it away for good.
function Window:delete()
  self:hide()
  if vim.api.nvim_buf_is_valid(self.bufnr) then
    vim.api.nvim_buf_delete(self.bufnr, { force = true })
  end
end

---@private
function Window:keep_current()
  local group = vim.api.nvim_create_augroup('steward.window.' .. self.bufnr, {})
  vim.api.nvim_create_autocmd({ 'WinEnter', 'WinLeave', 'VimResized' }, {
    group = group,
    callback = vim.schedule_wrap(function()
      if self:is_shown() then
        self:lay_out()
      end
    end),
  })
  vim.api.nvim_create_autocmd('WinClosed', {
    group = group,
    pattern = tostring(self.winid),
    once = true,
    callback = function()
      vim.api.nvim_del_augroup_by_id(group)
    end,
  })
end

---@private
function Window:lay_out()
  local has_cursor = vim.api.nvim_get_current_win() == self.winid
  self:put_on_top(has_cursor and self.keys or self.hint)
  vim.api.nvim_win_set_config(self.winid, self:place(has_cursor))
  local height = vim.api.nvim_win_text_height(self.winid, {}).all
  vim.api.nvim_win_set_config(self.winid, self:place(has_cursor, height))
end

---@private
---@param line string
function Window:put_on_top(line)
  if vim.api.nvim_buf_get_lines(self.bufnr, 0, 1, false)[1] ~= line then
    vim.bo[self.bufnr].modifiable = true
    vim.api.nvim_buf_set_lines(self.bufnr, 0, 1, false, { line })
    vim.bo[self.bufnr].modifiable = false
  end
  local mark = { id = 1, end_row = 1, hl_group = 'Title', hl_eol = true }
  vim.api.nvim_buf_set_extmark(self.bufnr, space, 0, 0, mark)
end

---@private
---@param has_cursor boolean
---@param wanted? integer
---@return vim.api.keyset.win_config
function Window:place(has_cursor, wanted)
  local columns, rows = vim.o.columns, vim.o.lines - vim.o.cmdheight - 2
  local longest = 0
  for _, line in ipairs(vim.api.nvim_buf_get_lines(self.bufnr, 0, -1, false)) do
    longest = math.max(longest, vim.fn.strdisplaywidth(line))
  end
  local width = math.max(1, math.min(columns - 4, WIDTH_MAX, math.max(longest, WIDTH_MIN)))
  local height = math.max(1, math.min(math.floor(rows * SHARE), wanted or rows))
  local is_cut = wanted ~= nil and wanted > height
  local config = {
    relative = 'editor',
    width = width,
    height = height,
    title = self.title,
    footer = is_cut and ' scroll for more ' or '',
    footer_pos = 'left',
  }
  if has_cursor then
    config.row, config.col = math.floor((rows - height) / 2), math.floor((columns - width) / 2)
  else
    config.row, config.col = math.max(0, rows - height - 1), math.max(0, columns - width - 2)
  end
  return config
end

return M
