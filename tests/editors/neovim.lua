-- What a test sends to Neovim from outside: keys as a person types them, and questions in Lua.
-- One JSON object a line over a socket: {"keys": …} is typed, {"lua": …} is answered.

local server = assert(vim.uv.new_pipe(false))
assert(server:bind(vim.env.STEWARD_TEST_SOCKET))

-- Messages as a person reads them; Neovim keeps no record of those that plugins show.
_G.shown = {}
local notify = vim.notify
vim.notify = function(message, ...)
  table.insert(_G.shown, message)
  return notify(message, ...)
end

--- The screen as text, a row a line.
function _G.screen()
  vim.cmd.redraw({ bang = true })
  local rows = {}
  for row = 1, vim.o.lines do
    local cells = {}
    for column = 1, vim.o.columns do
      cells[column] = vim.fn.screenstring(row, column)
    end
    rows[row] = (table.concat(cells):gsub('%s+$', ''))
  end
  return table.concat(rows, '\n')
end

---@param connection uv.uv_pipe_t
---@param code string
local function answer(connection, code)
  local chunk, problem = loadstring(code)
  local is_fine, result = false, problem
  if chunk then
    is_fine, result = pcall(chunk)
  end
  local reply = is_fine and { ok = true, result = result } or { error = tostring(result) }
  connection:write(vim.json.encode(reply) .. '\n')
end

server:listen(1, function()
  local connection = assert(vim.uv.new_pipe(false))
  server:accept(connection)
  local rest = ''
  connection:read_start(function(_, data)
    rest = rest .. (data or '')
    for line in rest:gmatch('([^\n]*)\n') do
      local message = vim.json.decode(line)
      if message.keys then
        vim.api.nvim_input(message.keys)
        connection:write('{}\n')
      else
        vim.schedule(function()
          answer(connection, message.lua)
        end)
      end
    end
    rest = rest:match('[^\n]*$')
  end)
end)
