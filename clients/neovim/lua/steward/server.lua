--- The language server: found, started, asked, restarted.

local messages = require('steward.messages')

local M = {}

M.name = 'steward'

---@type steward.Options
local options

--- Servers that must end before a new one is started: client id → true.
---@type table<integer, true>
local ending = {}

local is_explained = false

--- Where the server runs. Not in the workspace: a file of its that bears a module's name must not
--- be run.
---@return string
local function folder()
  local path = vim.fs.joinpath(vim.fn.stdpath('state') --[[@as string]], 'steward')
  vim.fn.mkdir(path, 'p', tonumber('700', 8))
  return path
end

local function explain_missing()
  if is_explained then
    return
  end
  is_explained = true
  messages.error(
    ('it cannot start: there is no program %q.'):format(options.cmd[1])
      .. ' Install Steward, or give its full path as'
      .. " require('steward').setup { cmd = { '/path/to/steward', 'lsp' } }, and then run"
      .. ' :Steward restart.'
  )
end

---@return boolean
function M.is_installed()
  return vim.fn.executable(options.cmd[1]) == 1
end

---@param bufnr integer
---@param on_dir fun(root?: string)
local function find_root(bufnr, on_dir)
  local name = vim.api.nvim_buf_get_name(bufnr)
  if name == '' or name:match('^%a[%w+.-]+://') or vim.bo[bufnr].buftype ~= '' then
    return
  end
  if not M.is_installed() then
    explain_missing()
    return
  end
  local root = vim.fs.root(bufnr, options.root_markers)
  local cwd = vim.fn.getcwd()
  if root == nil and vim.startswith(vim.fs.normalize(name), vim.fs.normalize(cwd) .. '/') then
    root = cwd
  end
  on_dir(root)
end

--- A handler of what the server sends, which is loaded when it is first needed.
---@param part string
---@param name string
---@return lsp.Handler
local function later(part, name)
  return function(_, params, context)
    return require('steward.' .. part)[name](params, context)
  end
end

--- A server that died is started again, but not one that dies time and again.
local DEATHS_MAX, DEATHS_WITHIN_MS = 4, 180 * 1000
---@type integer[]
local deaths = {}

local function revive()
  -- Neovim 0.12 can say that the person switched it off.
  if vim.lsp.is_enabled and not vim.lsp.is_enabled(M.name) then
    return
  end
  local now = vim.uv.now()
  deaths = vim.tbl_filter(function(at)
    return now - at < DEATHS_WITHIN_MS
  end, deaths)
  deaths[#deaths + 1] = now
  if #deaths > DEATHS_MAX then
    messages.error('the server ended again and again. :Steward log shows what it said, :Steward restart starts it.')
    return
  end
  messages.warn('the server ended by itself and is started again. Nothing was answered; open questions come back.')
  vim.lsp.enable(M.name)
end

---@param client_id integer
---@param is_death boolean
local function ended(client_id, is_death)
  require('steward.questions').close_all(client_id)
  require('steward.status').update(client_id, nil)
  if ending[client_id] then
    ending[client_id] = nil
    if next(ending) == nil then
      vim.lsp.enable(M.name)
    end
  elseif is_death and vim.v.exiting == vim.NIL then
    revive()
  end
end

---@return vim.lsp.Config
local function client_config()
  return {
    -- As a function, so that a program that is not there is explained here, and in one place.
    cmd = function(dispatchers)
      local place = { cwd = folder(), env = options.env }
      return vim.lsp.rpc.start(options.cmd, dispatchers, place)
    end,
    root_dir = find_root,
    capabilities = {
      experimental = { steward = { asks = true, confirmsEdits = true, status = true, chat = true, extensions = true } },
      -- Neovim understands both; of the first it never says so, of the second from 0.12 on. Without
      -- them an edit comes without versions, and without the mark that it wants confirming.
      workspace = {
        workspaceEdit = { documentChanges = true, changeAnnotationSupport = { groupsOnLabel = true } },
      },
    },
    handlers = {
      ['steward/ask'] = later('ask', 'ask'),
      ['steward/askClosed'] = later('questions', 'closed'),
      ['steward/status'] = later('status', 'received'),
      ['steward/run'] = later('log', 'run_changed'),
      ['steward/chat'] = later('chat.conversation', 'received'),
      ['steward/extensions'] = later('extensions', 'changed'),
      ['steward/extension/panel'] = later('extensions.panel', 'received'),
      ['window/showMessage'] = later('messages', 'received'),
      ['workspace/applyEdit'] = later('confirm', 'confirm'),
    },
    commands = {
      ['steward.why'] = function(command)
        require('steward.look').why_action(command)
      end,
      ['steward.extension.run'] = function(command)
        require('steward.extensions').run_action(command)
      end,
    },
    on_exit = vim.schedule_wrap(function(code, signal, client_id)
      ended(client_id, code ~= 0 or signal ~= 0)
    end),
  }
end

---@param given steward.Options
function M.set_up(given)
  options = given
end

--- Make the server known; it starts with the first file that it is for.
function M.start()
  vim.lsp.config(M.name, client_config())
  vim.lsp.enable(M.name)
end

--- The client for the current buffer, or else any; a message where there is none.
---@return vim.lsp.Client?
function M.running()
  local here = vim.lsp.get_clients({ name = M.name, bufnr = 0 })
  local client = here[1] or vim.lsp.get_clients({ name = M.name })[1]
  if client == nil then
    messages.warn(
      'the server is not running. Open a file of a repository;'
        .. ' :checkhealth steward looks for what is wrong.'
    )
  end
  return client
end

--- Run a command of the server and hand its result on. A failure becomes a message. False where
--- there is no server to ask.
---@param command string
---@param argument? table
---@param done? fun(result: any)
---@param failed? fun()
---@return boolean
function M.execute(command, argument, done, failed)
  local client = M.running()
  if client == nil then
    return false
  end
  local params = { command = command, arguments = argument and { argument } or {} }
  client:request('workspace/executeCommand', params, function(err, result)
    if err then
      messages.error(err.message)
      if failed then
        failed()
      end
    elseif done then
      done(result)
    end
  end)
  return true
end

--- Stop every server and start anew for the files that are open.
---@param is_forced boolean
function M.restart(is_forced)
  if options == nil then
    messages.warn("call require('steward').setup {} first; see :help steward-install.")
    return
  end
  is_explained, deaths = false, {}
  local clients = vim.lsp.get_clients({ name = M.name })
  for _, client in ipairs(clients) do
    ending[client.id] = true
    client:stop(is_forced)
  end
  if #clients == 0 then
    vim.lsp.enable(M.name)
  end
end

return M
