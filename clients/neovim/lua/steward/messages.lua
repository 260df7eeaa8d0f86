--- Messages that say what they were given, under one name.

local M = {}

---@param text string
---@param level integer
local function show(text, level)
  -- From the main loop: an error shown inside an autocommand would end the command that caused it.
  vim.schedule(function()
    vim.notify('Steward: ' .. text, level, { title = 'Steward' })
  end)
end

---@param text string
function M.info(text)
  show(text, vim.log.levels.INFO)
end

---@param text string
function M.warn(text)
  show(text, vim.log.levels.WARN)
end

---@param text string
function M.error(text)
  show(text, vim.log.levels.ERROR)
end

local levels = { vim.log.levels.ERROR, vim.log.levels.WARN, vim.log.levels.INFO }

--- Show a message of the server's, which bears our name already.
---@param params lsp.ShowMessageParams
function M.received(params)
  local text = params.message:gsub('^Steward: ', '')
  show(text, levels[params.type] or vim.log.levels.INFO)
  return vim.NIL
end

return M
