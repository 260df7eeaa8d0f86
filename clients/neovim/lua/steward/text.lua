--- A file's text as lines, from the disk and from buffers.

local uv = vim.uv

local M = {}

--- What a file holds; nil where there is none.
---@param path string
---@return string?
function M.bytes(path)
  local file = io.open(path, 'rb')
  if file == nil then
    return nil
  end
  local bytes = file:read('*a')
  file:close()
  return bytes
end

--- Bytes as a buffer would hold them: with plain ends of lines, and without a mark at the start.
---@param bytes string
---@return string
function M.plain(bytes)
  local plain = bytes:gsub('^\239\187\191', '')
  local _, ends = plain:gsub('\n', '')
  local _, dos_ends = plain:gsub('\r\n', '')
  if ends == dos_ends then
    plain = plain:gsub('\r\n', '\n')
  end
  -- A buffer cannot tell one empty line from none.
  return plain == '\n' and '' or plain
end

--- A text as lines, and whether the last of them has an end.
---@param plain string
---@return string[], boolean
function M.split(plain)
  local lines = vim.split(plain, '\n', { plain = true })
  local has_end = #lines > 1 and lines[#lines] == ''
  if has_end then
    table.remove(lines)
  end
  return lines, has_end or plain == ''
end

---@param bufnr integer
---@return string
function M.of_buffer(bufnr)
  local lines = vim.api.nvim_buf_get_lines(bufnr, 0, -1, false)
  if #lines == 1 and lines[1] == '' then
    return ''
  end
  return table.concat(lines, '\n') .. (vim.bo[bufnr].endofline and '\n' or '')
end

--- Give a buffer this text where it differs.
---@param bufnr integer
---@param plain string
function M.put(bufnr, plain)
  if M.of_buffer(bufnr) ~= plain then
    local lines, has_end = M.split(plain)
    vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
    vim.bo[bufnr].endofline = has_end
  end
end

--- Whether the bytes on the disk can be compared with the buffer's text.
---@param bufnr integer
---@return boolean
function M.is_comparable(bufnr)
  local encoding = vim.bo[bufnr].fileencoding
  return encoding == '' or encoding == 'utf-8'
end

--- The loaded buffer of a file; nil where it is in none.
---@param path string
---@return integer?
function M.buffer(path)
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) and vim.api.nvim_buf_get_name(bufnr) == path then
      return bufnr
    end
  end
end

--- Load a file into a buffer without asking anything.
---@param path string
---@return integer? bufnr Or nil where it cannot be loaded.
function M.load(path)
  -- A file left behind by a crash would bring up a question that blocks everything.
  local swap = vim.api.nvim_create_autocmd('SwapExists', {
    callback = function()
      if vim.v.swapchoice == '' then
        vim.v.swapchoice = 'q'
      end
    end,
  })
  local bufnr = vim.fn.bufadd(path)
  local is_loaded = pcall(vim.fn.bufload, bufnr)
  vim.api.nvim_del_autocmd(swap)
  return is_loaded and vim.api.nvim_buf_is_loaded(bufnr) and bufnr or nil
end

--- The kind of what is at a path, not following links: 'file', 'directory', 'link'…
---@param path string
---@return string?
function M.kind(path)
  local stat = uv.fs_lstat(path)
  return stat and stat.type
end

return M
