--- A proposal's diff: as text in a window, and side by side in a tab of its own.

local keys = require('steward.keys')
local preview_of = require('steward.preview')
local text = require('steward.text')
local window = require('steward.window')

local M = {}

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

--- The whole change as lines: each file under what happens to it.
---@param preview steward.Preview
---@return string[]
function M.lines(preview)
  local files, moved, lines = preview_of.changed(preview), {}, {}
  for _, file in ipairs(files) do
    moved[file.moved_from or ''] = true
  end
  for _, file in ipairs(files) do
    if not (file.after == nil and moved[file.name]) then
      if #lines > 0 then
        lines[#lines + 1] = ''
      end
      lines[#lines + 1] = headline(file)
      local compare = vim.text and vim.text.diff or vim.diff
      local hunks = compare(before(file, files) or '', file.after or '', { ctxlen = 3 }) --[[@as string]]
      vim.list_extend(lines, hunks ~= '' and window.lines(hunks) or {})
    end
  end
  return lines
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
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.bo[bufnr].syntax = vim.filetype.match({ filename = path }) or ''
  vim.api.nvim_buf_set_name(bufnr, ('steward://%s/%d'):format(name, bufnr))
  return bufnr
end

---@param winid integer
---@param words string
local function name_window(winid, words)
  vim.wo[winid].winbar = ' ' .. words:gsub('%%', '%%%%') .. '%<'
end

---@param words string
local function compare_here(words)
  name_window(0, words)
  vim.cmd('diffthis')
  -- Comparing switches it off, and a long line would be cut at the window's edge.
  vim.wo.wrap = true
end

---@param file steward.FilePreview
---@param keyline string
---@return integer[] buffers
local function show_one(file, keyline)
  local left = side(file.before, file.path, file.name .. '/now')
  local right = side(file.after, file.path, file.name .. '/proposed')
  vim.cmd('tab sbuffer ' .. left)
  compare_here(file.name .. ' now')
  vim.cmd('rightbelow vertical sbuffer ' .. right)
  compare_here('proposed   ' .. keyline)
  vim.cmd('normal! gg')
  pcall(vim.cmd, 'normal! ]c')
  return { left, right }
end

---@param preview steward.Preview
---@param title string
---@param keyline string
---@return integer[] buffers
local function show_all(preview, title, keyline)
  local bufnr = window.buffer(M.lines(preview), 'diff')
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.api.nvim_buf_set_name(bufnr, ('steward://proposal/%d'):format(bufnr))
  vim.cmd('tab sbuffer ' .. bufnr)
  name_window(0, title .. '   ' .. keyline)
  return { bufnr }
end

--- Open a tab with the diff and take the cursor there; the buffers that show it.
---@param preview steward.Preview
---@param question steward.Question
---@param close fun()
---@return integer[]
function M.open(preview, question, close)
  local files, keyline = preview_of.changed(preview), keys.line(question)
  local only = #files == 1 and files[1]
  local buffers
  if only and only.before and only.after then
    buffers = show_one(only, keyline)
  else
    buffers = show_all(preview, question.title, keyline)
  end
  for _, bufnr in ipairs(buffers) do
    keys.map(bufnr, question, close)
  end
  return buffers
end

--- Close the tab of these buffers.
---@param buffers integer[]
function M.close(buffers)
  for _, bufnr in ipairs(buffers) do
    if vim.api.nvim_buf_is_valid(bufnr) then
      vim.api.nvim_buf_delete(bufnr, { force = true })
    end
  end
end

return M
