--- A proposal's diff: as text in a window, and side by side in a tab of its own.

local preview_of = require('steward.preview')
local text = require('steward.text')
local window = require('steward.window')

local M = {}

---@class steward.Spot What stands in a row of a diff.
---@field file string
---@field side 'file'|'old'|'new' The file as a whole, or its text before or afterwards.
---@field line integer
---@field is_between? boolean Whether no line of the file stands there, but what says where one is.

---@class steward.View A buffer that shows a diff, and what stands in each of its rows.
---@field bufnr integer
---@field spot fun(row: integer): steward.Spot?

---@class steward.Sight What a tab shows.
---@field views steward.View[]
---@field head integer The buffer above them: what may be pressed, and what must be known.

--- What happens to a file, in words.
---@param file steward.FilePreview
---@return string
local function headline(file)
  if file.moved_from then
    return ('Rename %s to %s'):format(file.moved_from, file.name)
  elseif file.before == nil then
    return 'Create ' .. file.name
  elseif file.after == nil then
    return 'Delete ' .. file.name
  end
  return 'Edit ' .. file.name
end

--- The text before: of a renamed file, what it held under its old name.
---@param file steward.FilePreview
---@param files steward.FilePreview[]
---@return string?
local function before(file, files)
  for _, other in ipairs(files) do
    if file.moved_from == other.name then
      return other.before
    end
  end
  return file.before
end

---@param lines string[]
---@param spots steward.Spot[]
---@param name string
---@param hunks string
local function add_hunks(lines, spots, name, hunks)
  local old, new = 0, 0
  for _, line in ipairs(hunks ~= '' and window.lines(hunks) or {}) do
    local old_start, new_start = line:match('^@@ %-(%d+),?%d* %+(%d+)')
    local sign = line:sub(1, 1)
    lines[#lines + 1] = line
    if old_start then
      -- Counted up before each line; a side without lines is named by the line before it.
      old, new = tonumber(old_start) - 1, tonumber(new_start) - 1
    elseif sign == '-' then
      old = old + 1
      spots[#lines] = { file = name, side = 'old', line = old }
    elseif sign ~= '\\' then
      old, new = sign == '+' and old or old + 1, new + 1
      spots[#lines] = { file = name, side = 'new', line = new }
    end
    spots[#lines] = spots[#lines] or { file = name, side = 'new', line = new + 1, is_between = true }
  end
end

--- The whole change as lines, each file under what happens to it; and what stands in each.
---@param preview steward.Preview
---@return string[], steward.Spot[]
function M.lines(preview)
  local files, moved, lines, spots = preview_of.changed(preview), {}, {}, {}
  for _, file in ipairs(files) do
    moved[file.moved_from or ''] = true
  end
  for _, file in ipairs(files) do
    if not (file.after == nil and moved[file.name]) then
      if #lines > 0 then
        lines[#lines + 1] = ''
        spots[#lines] = spots[#lines - 1]
      end
      lines[#lines + 1] = headline(file)
      spots[#lines] = { file = file.name, side = 'file', line = 0 }
      local compare = vim.text and vim.text.diff or vim.diff
      local hunks = compare(before(file, files) or '', file.after or '', { ctxlen = 3 }) --[[@as string]]
      add_hunks(lines, spots, file.name, hunks)
    end
  end
  return lines, spots
end

--- A copy of one side: a glance at a diff must not be able to edit anything.
---@param content string
---@param path string
---@param name string
---@return integer
local function side(content, path, name)
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, (text.split(content)))
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].bufhidden, vim.bo[bufnr].modeline = 'wipe', false
  vim.bo[bufnr].syntax = vim.filetype.match({ filename = path }) or ''
  vim.api.nvim_buf_set_name(bufnr, ('steward://%s/%d'):format(name, bufnr))
  return bufnr
end

---@param words string
local function name_window(words)
  vim.wo.winbar = ' ' .. words:gsub('%%', '%%%%') .. '%<'
end

---@param words string
local function compare_here(words)
  name_window(words)
  vim.cmd('diffthis')
  -- Comparing switches it off, and a long line would be cut at the window's edge.
  vim.wo.wrap = true
end

--- A window above the others of this tab, as high as its text.
---@return integer bufnr
local function head_above()
  local here = vim.api.nvim_get_current_win()
  local bufnr = window.buffer({}, 'markdown')
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.api.nvim_buf_set_name(bufnr, ('steward://review/%d'):format(bufnr))
  vim.cmd('topleft sbuffer ' .. bufnr)
  local wo = vim.wo
  wo.winfixheight, wo.wrap, wo.linebreak, wo.number, wo.relativenumber = true, true, true, false, false
  wo.foldcolumn, wo.conceallevel, wo.diff, wo.scrollbind, wo.cursorbind = '0', 0, false, false, false
  name_window('Steward')
  vim.api.nvim_set_current_win(here)
  return bufnr
end

--- Put these lines into the window above.
---@param bufnr integer
---@param lines string[]
function M.tell(bufnr, lines)
  if not vim.api.nvim_buf_is_valid(bufnr) then
    return
  end
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  for _, winid in ipairs(vim.fn.win_findbuf(bufnr)) do
    -- One more for the bar, which counts among the lines of a window.
    local height = vim.api.nvim_win_text_height(winid, {}).all + 1
    vim.api.nvim_win_set_height(winid, math.min(height, math.floor(vim.o.lines / 3)))
  end
end

---@param name string
---@param which 'old'|'new'
---@return fun(row: integer): steward.Spot
local function on(name, which)
  return function(row)
    return { file = name, side = which, line = row }
  end
end

--- Open a tab with both texts of one file, side by side.
---@param file steward.FilePreview
---@return steward.Sight
function M.compare(file)
  local left = side(file.before, file.path, file.name .. '/now')
  local right = side(file.after, file.path, file.name .. '/proposed')
  vim.cmd('tab sbuffer ' .. left)
  compare_here(file.name .. ' now')
  vim.cmd('rightbelow vertical sbuffer ' .. right)
  compare_here(file.name .. ' proposed')
  local head = head_above()
  vim.cmd('normal! gg')
  pcall(vim.cmd, 'normal! ]c')
  local views = { { bufnr = left, spot = on(file.name, 'old') }, { bufnr = right, spot = on(file.name, 'new') } }
  return { views = views, head = head }
end

--- Open a tab with the whole change as one diff.
---@param preview steward.Preview
---@return steward.Sight
local function overview(preview)
  local lines, spots = M.lines(preview)
  local bufnr = window.buffer(lines, 'diff')
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.api.nvim_buf_set_name(bufnr, ('steward://proposal/%d'):format(bufnr))
  vim.cmd('tab sbuffer ' .. bufnr)
  local function spot(row)
    return spots[row]
  end
  return { views = { { bufnr = bufnr, spot = spot } }, head = head_above() }
end

--- Whether both texts of a file can stand side by side.
---@param file? steward.FilePreview
---@return boolean
function M.is_comparable(file)
  return file ~= nil and file.before ~= nil and file.after ~= nil
end

--- Open a tab with the diff and take the cursor there.
---@param preview steward.Preview
---@return steward.Sight
function M.open(preview)
  local files = preview_of.changed(preview)
  local is_one = #files == 1 and M.is_comparable(files[1])
  return is_one and M.compare(files[1]) or overview(preview)
end

--- The buffers of a tab, the one above among them.
---@param sight steward.Sight
---@return integer[]
function M.buffers(sight)
  local found = { sight.head }
  for _, view in ipairs(sight.views) do
    found[#found + 1] = view.bufnr
  end
  return found
end

--- Close what a tab shows, and with it the tab.
---@param sight steward.Sight
function M.close(sight)
  for _, bufnr in ipairs(M.buffers(sight)) do
    if vim.api.nvim_buf_is_valid(bufnr) then
      vim.api.nvim_buf_delete(bufnr, { force = true })
    end
  end
end

return M
