--- What a text is after text edits, to the byte (LSP 3.18, TextEdit[]).

local M = {}

---@param line string
---@param character integer
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return integer
local function byte_in(line, character, encoding)
  return vim.str_byteindex(line, encoding, character, false)
end

--- Where every line starts, and one place more for the end.
---@param plain string
---@return integer[]
local function line_starts(plain)
  local starts = { 0 }
  for position in plain:gmatch('()\n') do
    starts[#starts + 1] = position --[[@as integer]]
  end
  return starts
end

---@param plain string
---@param starts integer[]
---@param position lsp.Position
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return integer
local function offset(plain, starts, position, encoding)
  local start = starts[position.line + 1]
  if start == nil then
    return #plain
  end
  local line = plain:match('^[^\n]*', start + 1)
  return start + byte_in(line, position.character, encoding)
end

--- Edits by where they start; those at one place stay in the order given.
---@param plain string
---@param edits lsp.TextEdit[]
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return { from: integer, to: integer, new: string, index: integer }[]
local function in_order(plain, edits, encoding)
  local starts, spans = line_starts(plain), {}
  for index, edit in ipairs(edits) do
    spans[index] = {
      from = offset(plain, starts, edit.range.start, encoding),
      to = offset(plain, starts, edit.range['end'], encoding),
      new = edit.newText:gsub('\r\n?', '\n'),
      index = index,
    }
  end
  table.sort(spans, function(a, b)
    return a.from < b.from or a.from == b.from and a.index < b.index
  end)
  return spans
end

--- The text afterwards; nil where two edits overlap.
---@param plain string
---@param edits lsp.TextEdit[]
---@param encoding 'utf-8'|'utf-16'|'utf-32'
---@return string?
function M.applied(plain, edits, encoding)
  local pieces, done = {}, 0
  for _, span in ipairs(in_order(plain, edits, encoding)) do
    if span.from < done then
      return nil
    end
    pieces[#pieces + 1] = plain:sub(done + 1, span.from)
    pieces[#pieces + 1] = span.new
    done = span.to
  end
  return table.concat(pieces) .. plain:sub(done + 1)
end

return M
