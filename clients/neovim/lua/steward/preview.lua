--- What files would be after a workspace edit, worked out without touching them.

local edits_of = require('steward.edits')
local text = require('steward.text')

local M = {}

---@class steward.FilePreview
---@field path string
---@field name string As a person calls it.
---@field before? string nil: the file is not there.
---@field after? string nil: the file is gone.
---@field moved_from? string The name it had.
---@field disk? string What is on the disk; nil where there is nothing.
---@field mode? integer
---@field bufnr? integer The buffer that holds it.
---@field tick? integer The buffer's state when the preview was made.
---@field was_modified boolean
---@field was_loaded boolean

---@class steward.Preview
---@field files steward.FilePreview[] In the order of the edit.

---@class steward.Drafts
---@field root string
---@field encoding 'utf-8'|'utf-16'|'utf-32'
---@field files steward.FilePreview[]
local Drafts = {}
Drafts.__index = Drafts

--- What cannot be shown whole, or is not of the text that is there now.
---@param reason string
local function refuse(reason)
  error({ reason = reason }, 0)
end

--- Work out what `edit` would do; nil and the reason rather than half of it.
---@param edit lsp.WorkspaceEdit
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@param root? string
---@return steward.Preview?, string?
function M.of(edit, encoding, root)
  local start = { root = root or vim.fn.getcwd(), encoding = encoding, files = {} }
  local drafts = setmetatable(start, Drafts)
  local is_whole, problem = pcall(drafts.take, drafts, edit)
  if is_whole then
    return { files = drafts.files }
  end
  M.forget({ files = drafts.files })
  return nil, type(problem) == 'table' and problem.reason or tostring(problem)
end

--- Unload what was loaded for the preview only, and is not looked at.
---@param preview steward.Preview
function M.forget(preview)
  for _, file in ipairs(preview.files) do
    local bufnr = file.bufnr
    if bufnr and not file.was_loaded and vim.api.nvim_buf_is_loaded(bufnr) then
      if not vim.bo[bufnr].modified and #vim.fn.win_findbuf(bufnr) == 0 then
        vim.api.nvim_buf_delete(bufnr, {})
      end
    end
  end
end

---@param edit lsp.WorkspaceEdit
function Drafts:take(edit)
  for _, change in ipairs(edit.documentChanges or {}) do
    if change.kind == 'create' then
      self:create(change)
    elseif change.kind == 'rename' then
      self:rename(change)
    elseif change.kind == 'delete' then
      self:delete(change)
    elseif change.kind == nil then
      self:change(change.textDocument.uri, change.edits, change.textDocument.version)
    else
      refuse(('it holds %q, which this client does not know'):format(change.kind))
    end
  end
  for uri, edits in pairs(edit.changes or {}) do
    self:change(uri, edits, vim.NIL)
  end
end

---@private
---@param uri string
---@return steward.FilePreview
function Drafts:file(uri)
  local path = vim.fs.normalize(vim.uri_to_fname(uri), { expand_env = false })
  for _, file in ipairs(self.files) do
    if file.path == path then
      return file
    end
  end
  local file = self:read(path)
  self.files[#self.files + 1] = file
  return file
end

--- The file as it is now, from its buffer where it has one.
---@private
---@param path string
---@return steward.FilePreview
function Drafts:read(path)
  local name = vim.fs.relpath(self.root, path) or path
  local kind = text.kind(path)
  if kind == 'directory' then
    refuse(name .. ' is a folder')
  end
  local bufnr, disk = text.buffer(path), text.bytes(path)
  local file = { path = path, name = name, disk = disk, was_loaded = bufnr ~= nil, was_modified = false }
  if bufnr then
    self:hold(file, bufnr)
  elseif disk then
    file.before = text.plain(disk)
  end
  local stat = vim.uv.fs_stat(path)
  file.mode, file.after = stat and stat.mode, file.before
  return file
end

--- Remember the buffer's state.
---@private
---@param file steward.FilePreview
---@param bufnr integer
function Drafts:hold(file, bufnr)
  local bo = vim.bo[bufnr]
  file.bufnr, file.tick = bufnr, vim.api.nvim_buf_get_changedtick(bufnr)
  file.was_modified, file.before = bo.modified, text.of_buffer(bufnr)
  local is_comparable = file.disk and not bo.modified and text.is_comparable(bufnr)
  if is_comparable and file.before ~= text.plain(file.disk) then
    refuse(file.name .. ' is not the same on disk as in its buffer; :checktime reads it anew')
  end
end

---@private
---@param change lsp.CreateFile
function Drafts:create(change)
  local file = self:file(change.uri)
  if file.after ~= nil then
    refuse(file.name .. ' is there already')
  end
  file.after = ''
end

---@private
---@param change lsp.RenameFile
function Drafts:rename(change)
  local old, new = self:file(change.oldUri), self:file(change.newUri)
  self:expect_movable(old)
  if new.after ~= nil then
    refuse(new.name .. ' is there already')
  end
  new.after, new.moved_from, new.mode = old.after, old.name, old.mode
  old.after = nil
end

---@private
---@param change lsp.DeleteFile
function Drafts:delete(change)
  local file = self:file(change.uri)
  self:expect_movable(file)
  file.after = nil
end

--- What goes away must be what a person can get back: a plain file without unsaved work.
---@private
---@param file steward.FilePreview
function Drafts:expect_movable(file)
  if file.after == nil then
    refuse(file.name .. ' is not there')
  elseif file.was_modified then
    refuse(file.name .. ' has unsaved changes; save them first')
  elseif text.kind(file.path) ~= 'file' then
    refuse(file.name .. ' is not a plain file')
  end
end

---@private
---@param uri string
---@param edits lsp.AnnotatedTextEdit[]
---@param version integer|vim.NIL|nil
function Drafts:change(uri, edits, version)
  local file = self:file(uri)
  if file.after == nil then
    refuse(file.name .. ' is not there')
  end
  if file.before and file.bufnr == nil then
    local bufnr = text.load(file.path)
    if bufnr == nil then
      refuse(file.name .. ' cannot be opened; it may have been left open by a crash')
    end
    self:hold(file, bufnr)
    file.after = file.before
  end
  self:expect_current(file, version)
  local after = edits_of.applied(file.after, M.unannotated(edits), self.encoding)
  file.after = after or refuse(file.name .. ' would be edited twice in one place')
end

---@private
---@param file steward.FilePreview
---@param version integer|vim.NIL|nil
function Drafts:expect_current(file, version)
  local is_versioned = version ~= nil and version ~= vim.NIL
  if is_versioned and file.bufnr and vim.lsp.util.buf_versions[file.bufnr] ~= version then
    refuse(file.name .. ' has changed since the edit was made')
  elseif not is_versioned and file.was_modified then
    refuse(file.name .. ' has unsaved changes that the edit does not know')
  elseif file.bufnr and (not vim.bo[file.bufnr].modifiable or vim.bo[file.bufnr].readonly) then
    refuse(file.name .. ' is open for reading only')
  end
end

--- Copies of text edits without the question, which is asked by us.
---@param edits lsp.AnnotatedTextEdit[]
---@return lsp.TextEdit[]
function M.unannotated(edits)
  return vim.tbl_map(function(edit)
    if edit.newText == nil then
      refuse('it holds a snippet, which has no fixed text')
    end
    return { range = vim.deepcopy(edit.range), newText = edit.newText }
  end, edits)
end

--- The files that would not stay as they are.
---@param preview steward.Preview
---@return steward.FilePreview[]
function M.changed(preview)
  return vim.tbl_filter(function(file)
    return file.before ~= file.after
  end, preview.files)
end

return M
