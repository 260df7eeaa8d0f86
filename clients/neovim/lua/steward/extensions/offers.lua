--- Which commands of extensions are offered where the cursor is.

local M = {}

---@class steward.When
---@field languages string[]
---@field selection boolean?
---@field files string[]
---@field workspace_has string[]

---@class steward.Offer
---@field extension string
---@field name string What the extension is called.
---@field command string
---@field title string

---@class steward.Here
---@field language string
---@field path? string Relative to the workspace; nil outside of it.
---@field is_selected boolean
---@field root? string

--- Neovim knows some languages by other names than editors tell servers.
---@param bufnr integer
---@param client vim.lsp.Client
---@return string
local function language_of(bufnr, client)
  return client.get_language_id(bufnr, vim.bo[bufnr].filetype)
end

--- What stands in a buffer, as `when` asks about it.
---@param bufnr integer
---@param client vim.lsp.Client
---@param is_selected boolean
---@return steward.Here
function M.here(bufnr, client, is_selected)
  local name, root = vim.api.nvim_buf_get_name(bufnr), client.root_dir
  local is_file = name ~= '' and vim.bo[bufnr].buftype == ''
  local path = is_file and root and vim.fs.relpath(root, vim.fs.normalize(name)) or nil
  return { language = language_of(bufnr, client), path = path, is_selected = is_selected, root = root }
end

---@param path string
---@param glob string
---@return boolean
local function is_in(path, glob)
  -- A manifest knows stars only; other signs stand for themselves.
  local wanted = glob:gsub('^%.?/', ''):gsub('/$', '/**'):gsub('[?%[%]{}]', '\\%0')
  local is_pattern, pattern = pcall(vim.glob.to_lpeg, wanted)
  return is_pattern and pattern:match(path) ~= nil
end

---@param path string
---@param globs string[]
---@return boolean
local function is_in_any(path, globs)
  return vim.iter(globs):any(function(glob)
    return is_in(path, glob)
  end)
end

local FILES_MAX = 20000
local KNOWN_MS = 30 * 1000

--- What was found of the workspace's files → whether, and when; a menu has to open at once.
---@type table<string, { is_there: boolean, at: integer }>
local known = {}

--- Whether a file of the workspace is meant; folders that hold other people's code are not looked into.
---@param root string
---@param globs string[]
---@return boolean
local function look_for(root, globs)
  local left = FILES_MAX
  local entries = vim.fs.dir(root, {
    depth = 8,
    skip = function(folder)
      local last = vim.fs.basename(folder)
      return last ~= 'node_modules' and last:sub(1, 1) ~= '.'
    end,
  })
  for path, kind in entries do
    left = left - 1
    if left < 0 then
      return false
    elseif kind == 'file' and is_in_any(path, globs) then
      return true
    end
  end
  return false
end

---@param root string
---@param globs string[]
---@return boolean
local function has_any(root, globs)
  local key, now = table.concat({ root, unpack(globs) }, '\0'), vim.uv.now()
  if known[key] == nil or now - known[key].at > KNOWN_MS then
    known[key] = { is_there = look_for(root, globs), at = now }
  end
  return known[key].is_there
end

---@param when steward.When
---@param here steward.Here
---@return boolean
local function holds(when, here)
  local is_language = #when.languages == 0 or vim.list_contains(when.languages, here.language)
  local is_selection = type(when.selection) ~= 'boolean' or when.selection == here.is_selected
  local is_file = #when.files == 0 or (here.path ~= nil and is_in_any(here.path, when.files))
  return is_language
    and is_selection
    and is_file
    and (#when.workspace_has == 0 or (here.root ~= nil and has_any(here.root, when.workspace_has)))
end

--- The entries of what extensions bring that are offered here.
---@param extensions steward.Extension[]
---@param part 'commands'|'menus'
---@param here steward.Here
---@return steward.Offer[]
function M.offered(extensions, part, here)
  local found = {}
  for _, extension in ipairs(extensions) do
    for _, entry in ipairs(extension.state == 'enabled' and extension[part] or {}) do
      if holds(entry.when, here) then
        found[#found + 1] = {
          extension = extension.id,
          name = extension.name,
          command = part == 'menus' and entry.command or entry.id,
          title = entry.title,
        }
      end
    end
  end
  return found
end

return M
