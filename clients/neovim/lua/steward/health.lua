--- `:checkhealth steward`

local health = vim.health

local M = {}

local WAIT_MS = 5000

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

---@param command string[]
---@return string? output nil where it failed.
local function output(command)
  local is_started, process = pcall(vim.system, command, { text = true, timeout = WAIT_MS })
  local done = is_started and process:wait()
  return done and done.code == 0 and vim.trim(done.stdout or '') or nil
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
  -- The command starts the server; the word for its version takes the place of "lsp".
  local words = vim.list_slice(options.cmd, 1, math.max(1, #options.cmd - 1))
  local version = output(vim.list_extend(words, { '--version' }))
  if version then
    health.ok(('server: %s (%s)'):format(version, vim.fn.exepath(program)))
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

local function check_keys()
  local options = require('steward.config').options
  local is_mapped = options.accept_key or vim.fn.hasmapto('<Plug>(steward-accept)', 'i') == 1
  if require('steward.ghost').is_possible() and options.ghost_text and not is_mapped then
    health.info("no key takes the ghost text: require('steward').setup { accept_key = '<Tab>' }")
  end
end

--- Look at everything that Steward needs.
function M.check()
  health.start('Steward')
  check_neovim()
  check_server()
  check_program('git', 'Install git: agents commit with it, and it says which files are ignored.')
  check_program('bwrap', 'Install bubblewrap: without this jail no command of an agent is run (Linux).')
  check_model()
  check_keys()
end

return M
