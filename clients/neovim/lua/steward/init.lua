--- Steward in Neovim: the parts, joined.

local M = {}

--- Start Steward for the files of repositories. Every option may be left out.
---@param options? steward.Options
function M.setup(options)
  if vim.fn.has('nvim-0.11') == 0 then
    require('steward.messages').error(
      'Neovim 0.11 or newer is needed, ghost text needs 0.12. This one is older, so nothing is started.'
    )
    return
  end
  local config = require('steward.config')
  if not config.set(options or {}) then
    return
  end
  require('steward.ghost').set_up(config.options)
  require('steward.server').set_up(config.options)
end

--- One line for a status line: today's cost, runs, open questions. Empty while there is no server.
---@return string
function M.status()
  return require('steward.status').line()
end

return M
