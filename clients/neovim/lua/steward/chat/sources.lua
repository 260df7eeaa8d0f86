--- What a message points at and brings along: files, symbols, selections, diagnostics, terminals.

local messages = require('steward.messages')

local M = {}

---@class steward.Attachment
---@field kind 'selection'|'diagnostics'|'terminal'
---@field title string
---@field text string

--- More of it says little more, and costs.
local TERMINAL_LINES_MAX = 200
local DIAGNOSTICS_MAX = 100
local OFFERED_MAX = 200

---@type string
local root = ''

--- The folder that paths in messages are relative to.
---@return string
function M.root()
  local client = vim.lsp.get_clients({ name = 'steward' })[1]
  root = client and client.root_dir or root
  return root ~= '' and root or vim.fn.getcwd()
end

--- A buffer's path as messages name it; nil where it is no file of the workspace.
---@param bufnr integer
---@return string?
function M.path_of(bufnr)
  local name = vim.api.nvim_buf_get_name(bufnr)
  if name == '' or vim.bo[bufnr].buftype ~= '' then
    return nil
  end
  return vim.fs.relpath(M.root(), vim.fs.normalize(name, { expand_env = false }))
end

--- Whether a path, before lines that may follow it, is a file of the workspace.
---@param path string
---@return boolean
local function is_file(path)
  local bare = path:gsub(':%d+%-?%d*$', '')
  local stat = vim.uv.fs_stat(vim.fs.joinpath(M.root(), bare))
  return stat ~= nil and stat.type == 'file'
end

--- What a text points at: `@path`, `@path:10-20`, `@"a path"`, `#symbol`.
---@param text string
---@return string[]
function M.mentions(text)
  local found, seen = {}, {}
  local function add(mention)
    if not seen[mention] then
      seen[mention] = true
      found[#found + 1] = mention
    end
  end
  local spaced = ' ' .. text:gsub('\n', ' ') .. ' '
  for path, lines in spaced:gmatch('%s@"([^"]+)"(:?[%d%-]*)') do
    local _ = is_file(path) and add(path .. lines)
  end
  for path in spaced:gmatch('%s@([^%s"]+)') do
    -- A sentence may end behind it.
    path = is_file(path) and path or path:gsub('[%.,;:!%?%)]+$', '')
    local _ = is_file(path) and add(path)
  end
  for symbol in spaced:gmatch('%s(#[%a_][%w_%.]*)') do
    add((symbol:gsub('%.+$', '')))
  end
  return found
end

--- The entries of a folder whose path begins so.
---@param lead string
---@return string[]
local function entries(lead)
  local folder, name = lead:match('^(.*/)([^/]*)$')
  folder, name = folder or '', name or lead
  local found = {}
  for entry, kind in vim.fs.dir(vim.fs.joinpath(M.root(), folder)) do
    local is_hidden = vim.startswith(entry, '.') and not vim.startswith(name, '.')
    if vim.startswith(entry, name) and not is_hidden and #found < OFFERED_MAX then
      found[#found + 1] = folder .. entry .. (kind == 'directory' and '/' or '')
    end
  end
  table.sort(found)
  return found
end

--- Files that are open, which are most likely meant.
---@param lead string
---@return string[]
local function open_files(lead)
  local found = {}
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    local path = vim.bo[bufnr].buflisted and M.path_of(bufnr)
    if path and path:find(lead, 1, true) then
      found[#found + 1] = path
    end
  end
  table.sort(found)
  return found
end

--- Where the mention that is being typed begins, and what stands there; nil where there is none.
---@return integer? column, string? lead
local function being_typed()
  local before = vim.fn.getline('.'):sub(1, vim.fn.col('.') - 1)
  local at = before:match('^.*()@[^%s"]*$')
  if at and (at == 1 or before:sub(at - 1, at - 1):match('%s')) then
    return at, before:sub(at + 1)
  end
end

---@param wanted string
---@return table[]
local function offered(wanted)
  local items, seen = {}, { [wanted] = true }
  for _, path in ipairs(vim.list_extend(open_files(wanted), entries(wanted))) do
    if not seen[path] then
      seen[path] = true
      items[#items + 1] = { word = '@' .. (path:find('%s') and '"' .. path .. '"' or path), abbr = path }
    end
  end
  return items
end

--- Offer files where an `@` is being typed. What is typed stays until the person picks one.
function M.offer()
  local column, lead = being_typed()
  local items = column and offered(lead) or {}
  if #items > 0 and vim.api.nvim_get_mode().mode:sub(1, 1) == 'i' then
    vim.fn.complete(column, items)
  end
end

--- The lines of a buffer that a command was given for. Of a file of the workspace they are pointed
--- at, so that the server decides whether a model may see them; of anything else they are brought.
---@param bufnr integer
---@param first integer
---@param last integer
---@return string? mention, steward.Attachment? attachment
function M.selection(bufnr, first, last)
  local path = M.path_of(bufnr)
  if path then
    local mention = ('@%s:%d-%d'):format(path, first, last)
    return path:find('%s') and ('@"%s":%d-%d'):format(path, first, last) or mention
  end
  local name = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(bufnr), ':t')
  local lines = vim.api.nvim_buf_get_lines(bufnr, first - 1, last, false)
  return nil, { kind = 'selection', title = ('%s:%d-%d'):format(name, first, last), text = table.concat(lines, '\n') }
end

--- What diagnostics say of a buffer; nil and a word where they say nothing.
---@param bufnr integer
---@return steward.Attachment?
function M.diagnostics(bufnr)
  local path, lines = M.path_of(bufnr) or 'this buffer', {}
  for _, each in ipairs(vim.diagnostic.get(bufnr)) do
    local severity = (vim.diagnostic.severity[each.severity] or ''):lower()
    local told = { path, each.lnum + 1, each.col + 1, severity, each.message:gsub('%s+', ' ') }
    if #lines < DIAGNOSTICS_MAX then
      lines[#lines + 1] = ('%s:%d:%d: %s: %s'):format(unpack(told))
    end
  end
  if #lines == 0 then
    messages.info(('there are no diagnostics in %s.'):format(path))
    return nil
  end
  return { kind = 'diagnostics', title = 'Diagnostics of ' .. path, text = table.concat(lines, '\n') }
end

--- The last lines of a terminal.
---@param bufnr integer
---@return steward.Attachment
local function of_terminal(bufnr)
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
  while #lines > 0 and lines[#lines]:match('^%s*$') do
    table.remove(lines)
  end
  local cut = vim.list_slice(lines, math.max(1, #lines - TERMINAL_LINES_MAX + 1))
  return { kind = 'terminal', title = ('Terminal, %d lines'):format(#cut), text = table.concat(cut, '\n') }
end

--- Hand on what a terminal shows, which the person picks where there are several.
---@param done fun(attachment: steward.Attachment)
function M.terminal(done)
  local terminals = vim.tbl_filter(function(bufnr)
    return vim.bo[bufnr].buftype == 'terminal'
  end, vim.api.nvim_list_bufs())
  if #terminals == 0 then
    messages.info('no terminal is open; :terminal opens one.')
  elseif #terminals == 1 then
    done(of_terminal(terminals[1]))
  else
    local options = {
      prompt = 'Steward: attach which terminal?',
      format_item = function(bufnr)
        return vim.b[bufnr].term_title or vim.api.nvim_buf_get_name(bufnr)
      end,
    }
    vim.ui.select(terminals, options, function(bufnr)
      if bufnr then
        done(of_terminal(bufnr))
      end
    end)
  end
end

return M
