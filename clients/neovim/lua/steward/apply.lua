--- A workspace edit applied whole, or taken back: checked before, verified after.

local preview_of = require('steward.preview')
local text = require('steward.text')

local M = {}

--- Apply what was previewed. Else `nil`, the reason, and the file that could not be put back, if any.
---@param edit lsp.WorkspaceEdit
---@param preview steward.Preview
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return true?, string?, string?
function M.apply(edit, preview, encoding)
  local moved = M.moved(preview)
  if moved then
    return nil, moved
  end
  local made = M.missing_folders(preview)
  local is_done, problem = pcall(function()
    for _, file in ipairs(preview.files) do
      M.begin_undo_step(file)
    end
    vim.lsp.util.apply_workspace_edit(M.confirmed(edit), encoding)
    M.settle_ends(preview)
    M.save(preview)
    M.verify(preview)
  end)
  if is_done then
    return true
  end
  local reason = type(problem) == 'table' and problem.reason or tostring(problem)
  return nil, reason, M.take_back(preview, made)
end

--- What is not as it was when the diff was made; nil when all is.
---@param preview steward.Preview
---@return string?
function M.moved(preview)
  for _, file in ipairs(preview.files) do
    local bufnr = text.buffer(file.path)
    local tick = bufnr and vim.api.nvim_buf_get_changedtick(bufnr)
    if bufnr ~= file.bufnr or tick ~= file.tick then
      -- Opened meanwhile and not touched: the text decides.
      local is_same = bufnr
        and file.tick == nil
        and not vim.bo[bufnr].modified
        and text.of_buffer(bufnr) == file.before
      if not is_same then
        return file.name .. ' changed while the diff was open'
      end
      file.bufnr, file.tick = bufnr, tick
    end
    if not file.was_modified and text.bytes(file.path) ~= file.disk then
      return file.name .. ' changed on disk while the diff was open'
    end
  end
end

--- The same edit without its annotations: the question was answered.
---@param edit lsp.WorkspaceEdit
---@return lsp.WorkspaceEdit
function M.confirmed(edit)
  local plain = { documentChanges = nil, changes = nil }
  if edit.documentChanges then
    plain.documentChanges = vim.tbl_map(function(change)
      if change.kind then
        return change
      end
      -- Compared already, and Neovim compares only the first of several.
      local document = { uri = change.textDocument.uri, version = vim.NIL }
      return { textDocument = document, edits = preview_of.unannotated(change.edits) }
    end, edit.documentChanges)
  else
    plain.changes = vim.tbl_map(preview_of.unannotated, edit.changes or {})
  end
  return plain
end

--- Folders that Neovim will make for new files, the deepest last.
---@param preview steward.Preview
---@return string[]
function M.missing_folders(preview)
  local missing = {}
  for _, file in ipairs(preview.files) do
    for folder in vim.fs.parents(file.path) do
      if text.kind(folder) ~= nil then
        break
      end
      table.insert(missing, 1, folder)
    end
  end
  table.sort(missing, function(a, b)
    return #a < #b
  end)
  return missing
end

--- What was typed before and what is applied now are undone one after the other.
---@param file steward.FilePreview
function M.begin_undo_step(file)
  if file.bufnr then
    vim.api.nvim_buf_call(file.bufnr, function()
      vim.cmd('let &l:undolevels = &l:undolevels')
    end)
  end
end

--- Neovim puts the end of a last line beside the text, so an edit there may leave one too many.
---@param preview steward.Preview
function M.settle_ends(preview)
  for _, file in ipairs(preview.files) do
    local bufnr = text.buffer(file.path)
    local found = bufnr and text.of_buffer(bufnr)
    if bufnr and file.after and found == file.after .. '\n' then
      local last = vim.api.nvim_buf_line_count(bufnr)
      if vim.api.nvim_buf_get_lines(bufnr, last - 1, last, false)[1] == '' then
        vim.api.nvim_buf_set_lines(bufnr, last - 1, last, false, {})
      else
        vim.bo[bufnr].endofline = false
      end
    end
  end
end

--- Save what the edit changed, but never a person's own unsaved work.
---@param preview steward.Preview
function M.save(preview)
  for _, file in ipairs(preview.files) do
    local bufnr = text.buffer(file.path)
    if bufnr and file.after and not file.was_modified and vim.bo[bufnr].modified then
      vim.api.nvim_buf_call(bufnr, function()
        local fixes_end = vim.bo.fixendofline
        vim.bo.fixendofline = false
        -- Without the events before it: a formatter would change what was approved. The "!" only
        -- answers a question about times; the bytes on disk were compared.
        vim.cmd('silent noautocmd keepalt write!')
        vim.bo.fixendofline = fixes_end
      end)
      vim.api.nvim_exec_autocmds('BufWritePost', { buffer = bufnr, modeline = false })
    end
  end
end

--- Look whether every file is what was shown.
---@param preview steward.Preview
function M.verify(preview)
  for _, file in ipairs(preview.files) do
    local bufnr, disk = text.buffer(file.path), text.bytes(file.path)
    local found = bufnr and text.of_buffer(bufnr) or disk and text.plain(disk) or nil
    local is_saved = file.was_modified or M.is_saved(file, bufnr, disk)
    if found ~= file.after or not is_saved then
      error({ reason = file.name .. ' did not become what was shown' }, 0)
    end
  end
end

---@param file steward.FilePreview
---@param bufnr? integer
---@param disk? string
---@return boolean
function M.is_saved(file, bufnr, disk)
  if file.after == nil or disk == nil then
    return disk == nil and file.after == nil
  end
  local is_written = bufnr == nil or not vim.bo[bufnr].modified
  local is_comparable = bufnr == nil or text.is_comparable(bufnr)
  return is_written and (not is_comparable or text.plain(disk) == file.after)
end

--- Put everything back; the name of what could not be.
---@param preview steward.Preview
---@param made string[]
---@return string?
function M.take_back(preview, made)
  local left
  for _, file in ipairs(preview.files) do
    if not pcall(M.put_back, file) then
      left = left or file.name
    end
  end
  for index = #made, 1, -1 do
    vim.uv.fs_rmdir(made[index])
  end
  return left
end

---@param file steward.FilePreview
function M.put_back(file)
  M.put_back_on_disk(file)
  local bufnr = text.buffer(file.path) or file.bufnr
  if bufnr == nil or not vim.api.nvim_buf_is_valid(bufnr) then
    return
  elseif file.before == nil or not file.was_loaded then
    vim.api.nvim_buf_delete(bufnr, { force = true })
    return
  end
  vim.fn.bufload(bufnr)
  if vim.api.nvim_buf_get_name(bufnr) ~= file.path then
    M.name_again(bufnr, file.path)
  end
  text.put(bufnr, file.before)
  vim.bo[bufnr].modified = file.was_modified
end

--- Give a renamed buffer its name back, where servers know it by that name.
---@param bufnr integer
---@param path string
function M.name_again(bufnr, path)
  local clients = vim.lsp.get_clients({ bufnr = bufnr })
  for _, client in ipairs(clients) do
    vim.lsp.buf_detach_client(bufnr, client.id)
  end
  vim.api.nvim_buf_set_name(bufnr, path)
  for _, client in ipairs(clients) do
    vim.lsp.buf_attach_client(bufnr, client.id)
  end
end

---@param file steward.FilePreview
function M.put_back_on_disk(file)
  if file.disk == nil then
    if text.kind(file.path) then
      assert(vim.uv.fs_unlink(file.path))
    end
  elseif text.bytes(file.path) ~= file.disk then
    local out = assert(io.open(file.path, 'wb'))
    assert(out:write(file.disk))
    assert(out:close())
    assert(vim.uv.fs_chmod(file.path, file.mode % 4096))
  end
end

return M
