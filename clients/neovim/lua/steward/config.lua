--- The options of `setup`, checked.

local messages = require('steward.messages')

local M = {}

---@class (exact) steward.Options
---@field cmd? string[] How the server is started.
---@field env? table<string, string> Variables for the server, besides Neovim's own.
---@field ghost_text? boolean Show suggestions behind the cursor; needs Neovim 0.12.
---@field accept_key? string Takes the suggestion in insert mode, and is itself when there is none.
---@field accept_word_key? string Takes the next word of it.
---@field accept_line_key? string Takes the next line of it.
---@field root_markers? string[] What marks the folder that is a workspace.

---@type steward.Options
M.options = {
  cmd = { 'steward', 'lsp' },
  env = {},
  ghost_text = true,
  accept_key = nil,
  accept_word_key = nil,
  accept_line_key = nil,
  root_markers = { '.git', 'pyproject.toml' },
}

local types = {
  cmd = 'table',
  env = 'table',
  ghost_text = 'boolean',
  accept_key = 'string',
  accept_word_key = 'string',
  accept_line_key = 'string',
  root_markers = 'table',
}

--- Take the options in. What is wrong is said, and nothing is taken in then.
---@param options steward.Options
---@return boolean
function M.set(options)
  for name, value in pairs(options) do
    local wanted = types[name]
    if wanted == nil then
      messages.error(('there is no option %q. :help steward-options lists them.'):format(name))
      return false
    elseif type(value) ~= wanted then
      messages.error(('the option %q must be a %s. See :help steward-options.'):format(name, wanted))
      return false
    end
  end
  if options.cmd and type(options.cmd[1]) ~= 'string' then
    messages.error("the option \"cmd\" must name a program, as in { 'steward', 'lsp' }.")
    return false
  end
  for name, value in pairs(options) do
    M.options[name] = value
  end
  return true
end

return M
