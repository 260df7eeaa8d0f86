--- The tabs in which a proposal is gone through: its hunks marked, and keys to keep or leave them.

local diff = require('steward.diff')
local keys = require('steward.keys')
local preview_of = require('steward.preview')
local review_of = require('steward.review')

local M = {}

local space = vim.api.nvim_create_namespace('steward.review')

---@class steward.Desk
---@field question steward.Question
---@field preview steward.Preview
---@field review steward.Review
---@field close fun()
---@field sights steward.Sight[]

local function name_colours()
  vim.api.nvim_set_hl(0, 'StewardKept', { link = 'DiagnosticOk', default = true })
  vim.api.nvim_set_hl(0, 'StewardLeftOut', { link = 'DiagnosticError', default = true })
  vim.api.nvim_set_hl(0, 'StewardLeftOutText', { strikethrough = true, default = true })
  vim.api.nvim_set_hl(0, 'StewardMark', { link = 'WarningMsg', default = true })
end

---@param desk steward.Desk
---@return string[]
local function head(desk)
  local review, all = desk.review, #desk.review:hunks()
  local lines = { desk.question.title }
  if review:takes('choice') then
    lines[1] = ('%s: %d of %d hunks kept'):format(lines[1], #review:kept(), all)
  end
  vim.list_extend(lines, review:warnings())
  lines[#lines + 1] = keys.line(desk.question)
  if review:takes('choice') then
    lines[#lines + 1] = 'x = leave the hunk out, or keep it   X = all of the file   c = comment on the hunk'
  elseif all > 0 and review:takes('reason') then
    lines[#lines + 1] = 'c = comment on the hunk'
  end
  local is_one = #preview_of.changed(desk.preview) == 1
  lines[#lines + 1] = ']c [c = next, previous hunk' .. (is_one and '' or '   <CR> = side by side')
  return lines
end

--- What stands behind the first line of a hunk.
---@param review steward.Review
---@param hunk steward.Hunk
---@return string[][]
local function label(review, hunk)
  local is_kept, comment = review:is_kept(hunk), review:comment_on(hunk)
  local parts = {}
  if review:takes('choice') then
    parts[1] = is_kept and { '  [kept]', 'StewardKept' } or { '  [left out]', 'StewardLeftOut' }
  end
  if comment then
    parts[#parts + 1] = { '  ' .. comment, 'Comment' }
  end
  return parts
end

---@param bufnr integer
---@param row integer
---@param is_first boolean
---@param review steward.Review
---@param hunk steward.Hunk
local function draw_row(bufnr, row, is_first, review, hunk)
  local mark = { virt_text = is_first and label(review, hunk) or nil }
  if not review:is_kept(hunk) then
    local line = vim.api.nvim_buf_get_lines(bufnr, row - 1, row, false)[1]
    mark.end_col, mark.hl_group, mark.priority = #line, 'StewardLeftOutText', 200
  end
  vim.api.nvim_buf_set_extmark(bufnr, space, row - 1, 0, mark)
end

--- The hunks that a row may be of, by the file of each.
---@param review steward.Review
---@return table<string, steward.Hunk[]>
local function by_file(review)
  local found = vim.defaulttable()
  for _, hunk in ipairs(review:hunks()) do
    table.insert(found[hunk.file], hunk)
  end
  return found
end

---@param view steward.View
---@param review steward.Review
local function draw_hunks(view, review)
  local files, seen = by_file(review), {}
  for row = 1, vim.api.nvim_buf_line_count(view.bufnr) do
    local spot = view.spot(row)
    for _, hunk in ipairs(spot and files[spot.file] or {}) do
      local is_whole_head = spot.side == 'file' and review_of.place(hunk) == nil
      local is_line = spot.side ~= 'file' and not spot.is_between
      local is_in = is_whole_head or is_line and review_of.distance(hunk, spot) == 0
      if is_in then
        draw_row(view.bufnr, row, not seen[hunk.id], review, hunk)
        seen[hunk.id] = true
        break
      end
    end
  end
end

---@param view steward.View
---@param review steward.Review
local function draw_marks(view, review)
  local marks = {}
  for _, mark in ipairs(review:marks()) do
    local key = ('%s:%d'):format(mark.file, mark.line or 0)
    marks[key] = vim.list_extend(marks[key] or {}, { mark.text })
  end
  if next(marks) == nil then
    return
  end
  local seen = {}
  for row = 1, vim.api.nvim_buf_line_count(view.bufnr) do
    local spot = view.spot(row)
    local key = spot and ('%s:%d'):format(spot.file, spot.side == 'file' and 0 or spot.line)
    local is_line = spot and spot.side ~= 'old' and not spot.is_between
    local here = is_line and not seen[key] and marks[key]
    if here then
      seen[key] = true
      local lines = vim.tbl_map(function(text)
        return { { '  ! ' .. text:gsub('%s+', ' '), 'StewardMark' } }
      end, here)
      vim.api.nvim_buf_set_extmark(view.bufnr, space, row - 1, 0, { virt_lines = lines })
    end
  end
end

---@param desk steward.Desk
local function draw(desk)
  for _, sight in ipairs(desk.sights) do
    for _, view in ipairs(sight.views) do
      if vim.api.nvim_buf_is_valid(view.bufnr) then
        vim.api.nvim_buf_clear_namespace(view.bufnr, space, 0, -1)
        draw_hunks(view, desk.review)
        draw_marks(view, desk.review)
      end
    end
    diff.tell(sight.head, head(desk))
  end
end

---@param desk steward.Desk
---@param hunk steward.Hunk
local function comment(desk, hunk)
  local options = { prompt = 'The agent is told of this hunk: ', default = desk.review:comment_on(hunk) }
  vim.ui.input(options, function(typed)
    if typed then
      desk.review:say(hunk, typed)
      draw(desk)
    end
  end)
end

--- Go to where the next hunk begins in one diff of all files, as in a diff of two windows.
---@param step 1|-1
local function jump(step)
  local row, last = vim.fn.line('.') + step, vim.fn.line('$')
  while row >= 1 and row <= last do
    local sign = vim.fn.getline(row):sub(1, 1)
    local above = row > 1 and vim.fn.getline(row - 1):sub(1, 1) or ''
    local is_changed = sign == '+' or sign == '-'
    if is_changed and above ~= '+' and above ~= '-' then
      vim.cmd.normal({ row .. 'G', bang = true })
      return
    end
    row = row + step
  end
end

local map_sight

--- Open the file of a row side by side.
---@param desk steward.Desk
---@param spot? steward.Spot
local function compare(desk, spot)
  for _, file in ipairs(preview_of.changed(desk.preview)) do
    if spot and file.name == spot.file and diff.is_comparable(file) then
      local sight = diff.compare(file)
      table.insert(desk.sights, sight)
      map_sight(desk, sight, function()
        diff.close(sight)
      end)
      draw(desk)
      return
    end
  end
  require('steward.messages').info('this file stands here whole: there is no other side.')
end

---@param desk steward.Desk
---@param view steward.View
local function map_view(desk, view)
  ---@param key string
  ---@param desc string
  ---@param act fun(spot?: steward.Spot)
  local function map(key, desc, act)
    vim.keymap.set('n', key, function()
      act(view.spot(vim.fn.line('.')))
    end, { buffer = view.bufnr, nowait = true, desc = 'Steward: ' .. desc })
  end
  ---@param needs 'choice'|'reason'
  ---@param act fun(hunk: steward.Hunk)
  ---@return fun(spot?: steward.Spot)
  local function on_hunk(needs, act)
    return function(spot)
      local hunk = desk.review:takes(needs) and desk.review:nearest(spot)
      if hunk then
        act(hunk)
        draw(desk)
      else
        require('steward.messages').info('it is kept whole or not at all.')
      end
    end
  end
  map('x', 'leave the hunk out, or keep it', on_hunk('choice', function(hunk)
    desk.review:toggle(hunk)
  end))
  map('X', 'leave the file out, or keep it', on_hunk('choice', function(hunk)
    desk.review:toggle_file(hunk.file)
  end))
  map('c', 'comment on the hunk', on_hunk('reason', function(hunk)
    comment(desk, hunk)
  end))
  if not vim.wo.diff then
    map('<CR>', 'both texts of the file side by side', function(spot)
      compare(desk, spot)
    end)
    map(']c', 'next hunk', function()
      jump(1)
    end)
    map('[c', 'previous hunk', function()
      jump(-1)
    end)
  end
end

---@param desk steward.Desk
---@param sight steward.Sight
---@param close fun()
map_sight = function(desk, sight, close)
  for _, bufnr in ipairs(diff.buffers(sight)) do
    keys.map(bufnr, desk.question, close)
  end
  for _, view in ipairs(sight.views) do
    map_view(desk, view)
  end
end

--- Open the review in a tab and take the cursor there; what closes it, which answers nothing.
---@param preview steward.Preview
---@param question steward.Question
---@param review steward.Review
---@param close fun()
---@return fun()
function M.open(preview, question, review, close)
  name_colours()
  local sight = diff.open(preview)
  ---@type steward.Desk
  local desk = { question = question, preview = preview, review = review, close = close, sights = { sight } }
  map_sight(desk, sight, close)
  draw(desk)
  review:fetch(function()
    draw(desk)
  end)
  return function()
    for _, each in ipairs(desk.sights) do
      diff.close(each)
    end
  end
end

return M
