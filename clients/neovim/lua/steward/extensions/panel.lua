--- Panels of extensions: data that they give, as text that is ours, with places to go to.

local messages = require('steward.messages')
local window = require('steward.window')

local M = {}

local BAR_CELLS = 24
local BAR = '█'

---@class steward.Panel
---@field extension string
---@field panel string
---@field title string
---@field content { blocks: table[] }

---@class steward.PanelEntry
---@field path? string
---@field line? integer From 0.
---@field command? string

---@class steward.OpenPanel
---@field params steward.Panel
---@field bufnr? integer
---@field entries table<integer, steward.PanelEntry> Line → what it leads to.
---@field is_closed boolean The person closed it; it opens again only when they ask for it.

---@type table<string, steward.OpenPanel>
local panels = {}

---@param text any
---@return string
local function line(text)
  return type(text) == 'string' and (text:gsub('[%c]+', ' ')) or ''
end

---@class steward.PanelText
---@field lines string[]
---@field entries table<integer, steward.PanelEntry>

---@param text steward.PanelText
---@param title any
local function head(text, title)
  if line(title) ~= '' then
    vim.list_extend(text.lines, { '## ' .. line(title), '' })
  end
end

---@param text steward.PanelText
---@param block { title?: string, items: table[] }
local function write_list(text, block)
  head(text, block.title)
  for _, item in ipairs(block.items) do
    local path = type(item.path) == 'string' and item.path or nil
    local number = type(item.line) == 'number' and item.line or nil
    local where = path and (number and ('%s:%d'):format(path, number + 1) or path)
    local parts = vim.tbl_filter(function(part)
      return part ~= ''
    end, { line(item.label), line(item.detail), line(where) })
    text.lines[#text.lines + 1] = '- ' .. table.concat(parts, '  ')
    local command = type(item.command) == 'string' and item.command or nil
    if path or command then
      text.entries[#text.lines] = { path = path, line = number, command = command }
    end
  end
end

---@param rows string[][]
---@return string[]
local function columns(rows)
  local widths = {}
  for _, row in ipairs(rows) do
    for at, cell in ipairs(row) do
      widths[at] = math.max(widths[at] or 0, vim.fn.strdisplaywidth(cell))
    end
  end
  return vim.tbl_map(function(row)
    local cells = {}
    for at, cell in ipairs(row) do
      cells[at] = cell .. (' '):rep(widths[at] - vim.fn.strdisplaywidth(cell))
    end
    return (table.concat(cells, '  '):gsub('%s+$', ''))
  end, rows)
end

---@param text steward.PanelText
---@param block { title?: string, columns: string[], rows: string[][] }
local function write_table(text, block)
  head(text, block.title)
  local rows = { vim.tbl_map(line, block.columns) }
  for _, row in ipairs(block.rows) do
    rows[#rows + 1] = vim.tbl_map(line, row)
  end
  vim.list_extend(text.lines, columns(rows))
end

---@param value any
---@param most number
---@return string
local function bar(value, most)
  local share = most > 0 and type(value) == 'number' and math.max(0, value) / most or 0
  return BAR:rep(math.floor(share * BAR_CELLS + 0.5))
end

--- The figures of a plot, each with a bar.
---@param text steward.PanelText
---@param block { title?: string, labels: string[], series: table<string, number[]> }
local function write_plot(text, block)
  head(text, block.title)
  local names = vim.tbl_keys(block.series)
  table.sort(names)
  local most = 0
  for _, values in pairs(block.series) do
    most = math.max(most, unpack(vim.list_slice(values, 1, 500)))
  end
  local rows = {}
  for _, name in ipairs(names) do
    for at, value in ipairs(block.series[name]) do
      local label = at == 1 and line(name) or ''
      rows[#rows + 1] = { label, line(block.labels[at]), ('%g'):format(value), bar(value, most) }
    end
  end
  vim.list_extend(text.lines, columns(rows))
end

---@type table<string, fun(text: steward.PanelText, block: table)>
local writers = {
  markdown = function(text, block)
    vim.list_extend(text.lines, window.lines(block.text))
  end,
  list = write_list,
  table = write_table,
  plot = write_plot,
}

---@param params steward.Panel
---@return steward.PanelText
local function written(params)
  local text = { lines = {}, entries = {} }
  text.lines[1] = '# ' .. line(params.title)
  text.lines[2] = ''
  text.lines[3] = ('From the extension %s. <CR> goes where an entry leads, q closes.'):format(params.extension)
  for _, block in ipairs(params.content.blocks) do
    text.lines[#text.lines + 1] = ''
    local write = writers[block.kind]
    if write then
      write(text, block)
    end
  end
  return text
end

--- Only a file of the workspace.
---@param path string
---@param number? integer
local function open_file(path, number)
  local client = require('steward.server').running()
  local root = client and client.root_dir
  local is_inside = not path:match('^[/\\]') and not vim.list_contains(vim.split(path, '/'), '..')
  if root == nil or not is_inside then
    messages.warn(('%s is no file of this folder.'):format(line(path)))
    return
  end
  vim.cmd.split({ args = { vim.fs.joinpath(root, path) }, magic = { file = false } })
  pcall(vim.api.nvim_win_set_cursor, 0, { (number or 0) + 1, 0 })
end

--- The place of the file that the person came from.
---@return steward.ExtensionPlace
local function place_before()
  local winid = vim.fn.win_getid(vim.fn.winnr('#'))
  local bufnr = winid > 0 and vim.api.nvim_win_get_buf(winid) or -1
  local is_file = bufnr > 0 and vim.bo[bufnr].buftype == '' and vim.api.nvim_buf_get_name(bufnr) ~= ''
  return is_file and { uri = vim.uri_from_bufnr(bufnr) } or {}
end

---@param open steward.OpenPanel
local function follow(open)
  local entry = open.entries[vim.api.nvim_win_get_cursor(0)[1]]
  if entry and entry.path then
    open_file(entry.path, entry.line)
  elseif entry and entry.command then
    local which = { extension = open.params.extension, command = entry.command, place = place_before() }
    require('steward.extensions').run_at(which)
  end
end

---@param open steward.OpenPanel
local function write(open)
  local text = written(open.params)
  open.entries = text.entries
  vim.bo[open.bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(open.bufnr, 0, -1, false, text.lines)
  vim.bo[open.bufnr].modifiable = false
end

---@param open steward.OpenPanel
local function make_buffer(open)
  local bufnr = window.buffer({}, 'markdown')
  open.bufnr = bufnr
  vim.bo[bufnr].bufhidden = 'wipe'
  local name = ('steward://extension/%s/%s'):format(open.params.extension, open.params.panel)
  vim.api.nvim_buf_set_name(bufnr, name)
  vim.keymap.set('n', 'q', '<Cmd>close<CR>', { buffer = bufnr, nowait = true, desc = 'Steward: close the panel' })
  vim.keymap.set('n', '<CR>', function()
    follow(open)
  end, { buffer = bufnr, nowait = true, desc = 'Steward: go where the entry leads' })
  vim.api.nvim_create_autocmd('BufWipeout', {
    buffer = bufnr,
    callback = function()
      open.bufnr, open.is_closed = nil, true
    end,
  })
end

--- Show it in a split of its own.
---@param open steward.OpenPanel
---@param takes_cursor boolean
local function show(open, takes_cursor)
  open.is_closed = false
  local winid = open.bufnr and vim.fn.win_findbuf(open.bufnr)[1]
  if winid == nil then
    make_buffer(open)
    local split = { split = 'below', win = -1, height = math.floor(vim.o.lines / 3) }
    winid = vim.api.nvim_open_win(open.bufnr, takes_cursor, split)
    local wo = vim.wo[winid]
    wo.wrap, wo.linebreak, wo.conceallevel, wo.foldenable = true, true, 0, false
  elseif takes_cursor then
    vim.api.nvim_set_current_win(winid)
  end
  write(open)
end

---@param extension string
---@param panel string
---@return string
local function key_of(extension, panel)
  return extension .. '/' .. panel
end

--- An extension has something to show. Who is typing is only told of it.
---@param params steward.Panel
function M.received(params)
  local key = key_of(params.extension, params.panel)
  local open = panels[key] or { params = params, entries = {}, is_closed = false }
  panels[key] = open
  open.params = params
  if open.bufnr then
    write(open)
  elseif not open.is_closed and vim.api.nvim_get_mode().mode:match('^n') then
    show(open, false)
  elseif not open.is_closed then
    messages.info(('%s is there: :Steward extension panel %s %s'):format(line(params.title), params.extension, params.panel))
  end
end

--- Show a panel that the person asks for.
---@param extension string
---@param panel string
function M.open(extension, panel)
  local open = panels[key_of(extension, panel)]
  if open then
    show(open, true)
    return
  end
  local argument = { extension = extension, panel = panel }
  require('steward.server').execute('steward.extension.panel', argument, function(result)
    local params = vim.tbl_extend('error', argument, { title = result.title, content = result.content })
    open = { params = params, entries = {}, is_closed = false }
    panels[key_of(extension, panel)] = open
    show(open, true)
  end)
end

--- The person runs a command of the extension: what it shows now may open.
---@param extension string
function M.wanted(extension)
  for _, open in pairs(panels) do
    if open.params.extension == extension then
      open.is_closed = false
    end
  end
end

return M
