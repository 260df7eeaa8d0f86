--- `:checkhealth steward`

local health = vim.health

local M = {}

local WAIT_MS = 5000
local JAIL_WAIT_MS = 20000 -- Each jail is tried out.

local function check_neovim()
  local version = tostring(vim.version())
  if vim.fn.has('nvim-0.12') == 1 then
    health.ok('Neovim ' .. version)
  elseif vim.fn.has('nvim-0.11') == 1 then
    health.warn('Neovim ' .. version .. ': everything but ghost text', 'Ghost text needs Neovim 0.12.')
  else
    local advice = 'Install Neovim 0.11 or newer; 0.12 for ghost text.'
    health.error('Neovim ' .. version .. ' is too old', advice)
  end
end

--- Run the server's program with other words in the place of "lsp".
---@param words string[]
---@param wait_ms integer
---@return vim.SystemCompleted? done nil where it cannot be started.
local function run(words, wait_ms)
  local options = require('steward.config').options
  local command = vim.list_slice(options.cmd, 1, math.max(1, #options.cmd - 1))
  local how = { text = true, timeout = wait_ms, env = options.env }
  local is_started, process = pcall(vim.system, vim.list_extend(command, words), how)
  return is_started and process:wait() or nil
end

local function check_server()
  local options = require('steward.config').options
  local program = options.cmd[1]
  if vim.fn.executable(program) == 0 then
    health.error(('there is no program %q'):format(program), {
      'Install Steward, or name it by its full path:',
      "require('steward').setup { cmd = { '/path/to/steward', 'lsp' } }",
    })
    return
  end
  local done = run({ '--version' }, WAIT_MS)
  if done and done.code == 0 then
    health.ok(('server: %s (%s)'):format(vim.trim(done.stdout), vim.fn.exepath(program)))
  else
    health.warn(('%q does not tell its version'):format(program), 'Is it Steward? Try it in a terminal.')
  end
end

---@param program string
---@param missing string
local function check_program(program, missing)
  if vim.fn.executable(program) == 1 then
    health.ok(('%s: %s'):format(program, vim.fn.exepath(program)))
  else
    health.warn(('there is no %s'):format(program), missing)
  end
end

--- Which jail commands get, and why not a better one.
local function check_jail()
  local done = run({ 'sandbox', '--json' }, JAIL_WAIT_MS)
  local is_told, jail = pcall(vim.json.decode, done and done.stdout or '')
  if not is_told or type(jail) ~= 'table' then
    health.warn('the jail for commands is not known', '"steward sandbox" in a terminal shows it.')
    return
  end
  local reasons = {}
  for level, reason in pairs(jail.why_not or {}) do
    reasons[#reasons + 1] = ('%s: %s'):format(level, reason)
  end
  table.sort(reasons)
  if type(jail.level) == 'string' then
    health.ok('jail for commands: ' .. jail.level)
    if #reasons > 0 then
      health.info('better jails that are not in force: ' .. table.concat(reasons, '; '))
    end
  else
    health.warn('there is no jail, so no command of an agent is run', reasons)
  end
end

--- Whether agents of the folder, and its commands, count.
local function check_trust()
  local client = vim.lsp.get_clients({ name = 'steward' })[1]
  if client == nil then
    return
  end
  local params = { command = 'steward.workspace.trust', arguments = { { ask = false } } }
  local reply = client:request_sync('workspace/executeCommand', params, WAIT_MS)
  local trusted = reply and reply.result and reply.result.trusted
  local folder = client.root_dir or 'no folder'
  if trusted == true then
    health.ok('trust: you trust ' .. folder)
  elseif trusted == false then
    health.info(('trust: you do not trust %s, so nothing in it runs; :Steward trust asks anew'):format(folder))
  elseif reply and reply.result then
    health.info(('trust: you were not asked about %s yet; :Steward trust asks'):format(folder))
  end
end

local function check_model()
  if #vim.lsp.get_clients({ name = 'steward' }) == 0 then
    health.info('the server does not run, so nothing is known of the model: open a file of a repository')
    return
  end
  local status = require('steward.status').current()
  if status == nil then
    health.warn('the server runs and has told nothing of itself yet', ':Steward log shows what it said.')
  elseif status.ai == 'ready' then
    health.ok(('model: ready, %s spent today, %s left'):format(status.spentToday, status.left))
  else
    local advice = 'See docs/how-to/neovim.md in the repository of Steward.'
    health.warn('model: ' .. (status.reason or 'off'), advice)
  end
end

local function check_ghost_text()
  local options = require('steward.config').options
  if not require('steward.ghost').is_possible() then
    return
  elseif not options.ghost_text then
    health.info('ghost text: off, by the option "ghost_text"')
    return
  end
  local status = require('steward.status').current()
  local reason = status and require('steward.status').why_no_ghost_text(status)
  if reason then
    health.info('ghost text: ' .. reason)
  elseif status then
    health.ok('ghost text: on')
  end
  if not options.accept_key and vim.fn.hasmapto('<Plug>(steward-accept)', 'i') == 0 then
    health.info("no key takes the ghost text: require('steward').setup { accept_key = '<Tab>' }")
  end
  if not require('steward.suggestion').can_follow() then
    health.warn(
      'this Neovim keeps its inline completion elsewhere, so ghost text follows the typing only a little later',
      'Update Steward, or use Neovim 0.12.'
    )
  end
end

--- Look at everything that Steward needs.
function M.check()
  health.start('Steward')
  check_neovim()
  check_server()
  check_program('git', 'Install git: agents commit with it, and it says which files are ignored.')
  check_jail()
  check_trust()
  check_model()
  check_ghost_text()
end

return M
