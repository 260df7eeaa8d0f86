--- The entries of extensions in the menu of a right click, made anew each time it opens.

local offers = require('steward.extensions.offers')

local M = {}

local TOP = 'PopUp.Steward'
local ENTRIES_MAX = 30

--- A title as one name of a menu, in which no sign means anything.
---@param title string
---@return string
local function escaped(title)
  local plain = title:gsub('[%s%c]+', ' '):gsub('&', '&&'):gsub('<', '<lt>')
  return (plain:gsub('[\\. |]', '\\%0'))
end

local function clear()
  pcall(vim.cmd.aunmenu, TOP)
end

---@param mode string
local function fill(mode)
  clear()
  local client = vim.lsp.get_clients({ name = require('steward.server').name, bufnr = 0 })[1]
  if client == nil or (mode ~= 'n' and mode ~= 'v') then
    return
  end
  local here = offers.here(vim.api.nvim_get_current_buf(), client, mode == 'v')
  local found = offers.offered(require('steward.extensions').known(), 'menus', here)
  -- In Visual mode the colon brings the selected lines along as a range.
  local begin = mode == 'v' and ':' or '<Cmd>'
  for _, offer in ipairs(vim.list_slice(found, 1, ENTRIES_MAX)) do
    local keys = ('%sSteward extension run %s %s<CR>'):format(begin, offer.extension, offer.command)
    vim.cmd(('%smenu <silent> %s.%s %s'):format(mode == 'v' and 'x' or 'n', TOP, escaped(offer.title), keys))
  end
end

--- Keep the menu as the extensions are, as long as there are any.
---@param is_any boolean
function M.keep(is_any)
  local group = vim.api.nvim_create_augroup('steward.extensions.menu', {})
  clear()
  if is_any then
    vim.api.nvim_create_autocmd('MenuPopup', {
      group = group,
      callback = function(event)
        fill(event.match)
      end,
    })
  end
end

return M
