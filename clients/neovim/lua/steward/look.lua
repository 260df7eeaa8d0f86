--- Pages about the code here: why lines are there, and what agents are told and given.

local messages = require('steward.messages')
local page = require('steward.page')
local server = require('steward.server')

local M = {}

---@class steward.McpServer
---@field server string
---@field where string
---@field tools { name: string, tool: string, isCurrent: boolean }[]

---@return boolean
local function is_file()
  return vim.bo.buftype == '' and vim.api.nvim_buf_get_name(0) ~= ''
end

---@param lines { uri: string, line: integer, lastLine?: integer }
local function show_why(lines)
  local argument = { uri = lines.uri, line = lines.line, lastLine = lines.lastLine }
  page.of('why', 'steward.why', argument)
end

--- Why the lines that the command was given for are there.
---@param _ string
---@param command vim.api.keyset.create_user_command.command_args
function M.why(_, command)
  if not is_file() then
    messages.info('open the file whose line you mean.')
    return
  end
  local last = command.range > 0 and command.line2 or command.line1
  show_why({ uri = vim.uri_from_bufnr(0), line = command.line1 - 1, lastLine = last - 1 })
end

--- The same as a code action asks for it: the page is shown here as all pages are.
---@param command lsp.Command
function M.why_action(command)
  show_why(command.arguments[1])
end

--- What files tell agents who work on the file that is open, or at the top.
function M.instructions()
  page.of('instructions', 'steward.instructions', is_file() and { uri = vim.uri_from_bufnr(0) } or nil)
end

---@param lines string[]
---@param given steward.McpServer
local function describe(lines, given)
  vim.list_extend(lines, { '', '## ' .. given.server, '', given.where, '' })
  local is_current = #given.tools > 0
  for _, tool in ipairs(given.tools) do
    local rest = tool.isCurrent and '' or ': not offered, the server is described otherwise since you approved it'
    lines[#lines + 1] = ('- %s%s'):format(tool.name, rest):gsub('%s+', ' ')
    is_current = is_current and tool.isCurrent
  end
  if not is_current then
    local none = #given.tools == 0 and 'You approved none of its tools. ' or ''
    local ask = '`steward mcp approve %s` at a shell shows what it says of its tools, and asks.'
    vim.list_extend(lines, { none .. ask:format(given.server) })
  end
end

--- The MCP servers of the settings, and which of their tools the person approved.
function M.mcp()
  server.execute('steward.mcp.list', nil, function(servers)
    local lines = { '# MCP servers' }
    for _, given in ipairs(servers) do
      describe(lines, given)
    end
    if #servers == 0 then
      local none = 'There are none. They are named in your own `settings.toml`, under'
      vim.list_extend(lines, { '', none .. ' `[mcp.servers.NAME]`; a workspace names none.' })
    end
    page.show('mcp', table.concat(lines, '\n'))
  end)
end

return M
