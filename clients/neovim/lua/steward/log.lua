--- What the runs of this session did, for `:Steward log`.

local M = {}

local LINES_MAX = 500
local TAIL_BYTES = 64 * 1024

---@type string[]
local lines = {}

--- Note a run's next state.
---@param params { runId: string, state: string, step: string, message: string }
function M.run_changed(params)
  local progress = package.loaded['steward.progress']
  if progress then
    progress.moved(params)
  end
  local line = ('run %s: %s. %s'):format(params.runId, params.state, params.message):gsub('%s+', ' ')
  if lines[#lines] == line then
    return
  end
  lines[#lines + 1] = line
  if #lines > LINES_MAX then
    table.remove(lines, 1)
  end
end

--- The newest lines of Neovim's own log that are about the server.
---@param path string
---@return string[]
local function server_lines(path)
  local file = io.open(path, 'rb')
  if file == nil then
    return {}
  end
  file:seek('set', math.max(0, file:seek('end') - TAIL_BYTES))
  local tail = file:read('*a')
  file:close()
  return vim.tbl_filter(function(line)
    return line:find('steward', 1, true) ~= nil
  end, vim.split(tail, '\n', { plain = true }))
end

--- Both, as a page.
---@return string
function M.page()
  local path = require('vim.lsp.log').get_filename()
  local page = { '# Runs', '' }
  vim.list_extend(page, #lines > 0 and lines or { 'None in this session.' })
  vim.list_extend(page, { '', '# Server', '', ('The newest of `%s`:'):format(path), '' })
  return table.concat(vim.list_extend(page, server_lines(path)), '\n')
end

return M
