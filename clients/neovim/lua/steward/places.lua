--- Where changes landed in files, kept true while the files are edited: the quickfix list of them.

local preview_of = require('steward.preview')
local server = require('steward.server')

local M = {}

local space = vim.api.nvim_create_namespace('steward.places')

--- More than anybody goes through; the oldest go.
local LANDED_MAX = 200
local PLACES_MAX = 1000

---@class steward.Landed
---@field path string
---@field line integer From 1, when it landed.
---@field text string
---@field bufnr? integer
---@field mark? integer

---@type table<string, steward.Landed[]>
local landed = {}
---@type string[]
local order = {}

---@param file steward.FilePreview
---@param places steward.Landed[]
local function add(file, places)
  local compare = vim.text and vim.text.diff or vim.diff
  local hunks = compare(file.before or '', file.after or '', { result_type = 'indices' }) --[[@as integer[][] ]]
  local lines = vim.split(file.after, '\n', { plain = true })
  local bufnr = require('steward.text').buffer(file.path)
  for _, hunk in ipairs(hunks) do
    local line = math.max(1, hunk[3])
    local place = { path = file.path, line = line, text = vim.trim(lines[line] or ''), bufnr = bufnr }
    if hunk[4] == 0 then
      place.text = ('%d lines taken out below'):format(hunk[2])
    end
    if bufnr and line <= vim.api.nvim_buf_line_count(bufnr) then
      place.mark = vim.api.nvim_buf_set_extmark(bufnr, space, line - 1, 0, {})
    end
    places[#places + 1] = #places < PLACES_MAX and place or nil
  end
end

--- Note what landed, by the proposal that it was.
---@param proposal string
---@param preview steward.Preview
function M.note(proposal, preview)
  local places = {}
  for _, file in ipairs(preview_of.changed(preview)) do
    if file.after ~= nil then
      add(file, places)
    end
  end
  landed[proposal] = places
  order[#order + 1] = proposal
  if #order > LANDED_MAX then
    landed[table.remove(order, 1)] = nil
  end
end

---@param place steward.Landed
---@return integer
local function line_now(place)
  local is_loaded = place.mark and vim.api.nvim_buf_is_loaded(place.bufnr)
  local at = is_loaded and vim.api.nvim_buf_get_extmark_by_id(place.bufnr, space, place.mark, {}) or {}
  return at[1] and at[1] + 1 or place.line
end

---@param change steward.Change
---@param root string
---@return vim.quickfix.entry[]
local function entries(change, root)
  local found, title = {}, change.title:gsub('%s+', ' ')
  for _, place in ipairs(landed[change.id] or {}) do
    local text = ('%s: %s'):format(title, place.text)
    found[#found + 1] = { filename = place.path, lnum = line_now(place), text = text }
  end
  if landed[change.id] then
    return found
  end
  -- It landed in another window, or before this one: the file is known and not the line.
  for _, file in ipairs(change.files) do
    if not file.isUndone then
      local path = vim.fs.joinpath(root, file.path)
      local is_there = vim.uv.fs_stat(path) ~= nil
      found[#found + 1] = {
        filename = is_there and path or nil,
        lnum = is_there and 1 or nil,
        text = is_there and title or ('%s: %s is gone'):format(title, file.path),
      }
    end
  end
  return found
end

--- Put the places that agents changed, and that are not undone, into the quickfix list.
function M.quickfix()
  local client = server.running()
  local root = client and client.root_dir or vim.fn.getcwd()
  server.execute('steward.changes', nil, function(changes)
    local items = {}
    for _, change in ipairs(changes) do
      if change.undone ~= 'yes' and change.kind ~= 'undo' then
        vim.list_extend(items, entries(change, root))
      end
    end
    vim.fn.setqflist({}, ' ', { title = 'Steward: changes', items = items })
    if #items == 0 then
      require('steward.messages').info('no agent changed anything here that is not undone.')
      return
    end
    vim.cmd('botright copen')
  end)
end

return M
