--- The blocks of code in a message, found and counted as the server does.

local M = {}

---@class steward.Block
---@field number integer From 0 in its message, as the server counts.
---@field first integer The row of its opening fence, from 1 in the message.
---@field last integer The row of its closing fence, or of the last line where there is none.
---@field lines string[]

--- However far it stands in: models put blocks into lists, and the server counts those too.
---@param line string
---@return string? fence, integer? indent
local function opening(line)
  local indent, fence, info = line:match('^([ \t]*)(```+)(.*)$')
  if fence == nil then
    indent, fence, info = line:match('^([ \t]*)(~~~+)(.*)$')
  end
  if fence and not (fence:sub(1, 1) == '`' and info:find('`', 1, true)) then
    return fence, #indent
  end
end

---@param line string
---@param fence string
---@return boolean
local function closes(line, fence)
  local run = line:match('^%s*([`~]+)%s*$')
  return run ~= nil and #run >= #fence and run == fence:sub(1, 1):rep(#run)
end

--- All blocks of a text, in its order.
---@param text string
---@return steward.Block[]
function M.of(text)
  local found, fence, indent, open = {}, nil, 0, nil
  local lines = vim.split(text, '\n', { plain = true })
  for row, line in ipairs(lines) do
    if open == nil then
      fence, indent = opening(line)
      if fence then
        open = { number = #found, first = row, last = #lines, lines = {} }
        found[#found + 1] = open
      end
    elseif closes(line, fence) then
      open.last, open = row, nil
    else
      -- As far as the fence stands in, the lines do.
      local blank = math.min(indent, #line:match('^%s*'))
      table.insert(open.lines, (line:sub(blank + 1):gsub('\r$', '')))
    end
  end
  return found
end

--- The block that a row of the text is in.
---@param text string
---@param row integer From 1.
---@return steward.Block?
function M.at(text, row)
  for _, block in ipairs(M.of(text)) do
    if row >= block.first and row <= block.last then
      return block
    end
  end
end

return M
