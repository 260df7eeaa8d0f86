--- `workspace/applyEdit`: nothing that asks for confirmation is applied before the diff was seen.

local apply = require('steward.apply')
local diff = require('steward.diff')
local keys = require('steward.keys')
local messages = require('steward.messages')
local preview_of = require('steward.preview')
local questions = require('steward.questions')
local window = require('steward.window')

local M = {}

local choices = { { id = 'apply', title = 'Apply' }, { id = 'discard', title = 'Discard' } }

--- The label without our own name, which every message bears already.
---@param params lsp.ApplyWorkspaceEditParams
---@return string
local function title_of(params)
  return (params.label or 'Proposed change'):gsub('^Steward: ', '')
end

---@param reason string
---@return lsp.ApplyWorkspaceEditResult
local function refused(reason)
  return { applied = false, failureReason = reason }
end

---@param params lsp.ApplyWorkspaceEditParams
---@param reason string
---@param left? string The file that could not be put back.
---@return lsp.ApplyWorkspaceEditResult
local function reported(params, reason, left)
  local after = left and ('But %s could not be put back: look at it.'):format(left)
    or 'Nothing was changed; ask again for a new one.'
  messages.warn(('%q was not applied: %s. %s'):format(title_of(params), reason, after))
  return refused(reason)
end

--- The id of the proposal that wants confirmation; nil for an edit that says itself that it was
--- approved. An edit that says nothing is asked about: that every edit is, is what we promised.
---@param edit lsp.WorkspaceEdit
---@return string?
local function question_id(edit)
  local is_approved = false
  for annotation_id, annotation in pairs(edit.changeAnnotations or {}) do
    if annotation.needsConfirmation ~= false then
      return questions.plain_id(annotation_id)
    end
    is_approved = true
  end
  return not is_approved and vim.fn.sha256(vim.json.encode(edit)) or nil
end

--- The diff as a question: its whole text where the person works, side by side when they ask.
---@param params lsp.ApplyWorkspaceEditParams
---@param preview steward.Preview
---@param id string
---@param client_id integer
---@return steward.Question
local function question_of(params, preview, id, client_id)
  local title = title_of(params)
  ---@type steward.Window?
  local glance
  ---@type integer[]
  local buffers = {}
  local function hide()
    if glance then
      glance:delete()
      glance = nil
    end
    diff.close(buffers)
    buffers = {}
  end
  ---@type steward.Question
  return {
    id = id,
    client_id = client_id,
    title = title,
    choices = choices,
    fingerprint = vim.json.encode(params.edit),
    hide = hide,
    announce = function(question)
      hide()
      glance = window.new({
        title = question.title,
        lines = diff.lines(preview),
        syntax = 'diff',
        keys = keys.line(question),
        map = function(bufnr, close)
          keys.map(bufnr, question, close)
        end,
      })
      glance:show(false)
    end,
    open = function(question)
      hide()
      buffers = diff.open(preview, question, hide)
    end,
  }
end

--- Show the diff, wait for the person, and apply the edit if they say so.
---@param params lsp.ApplyWorkspaceEditParams
---@param context lsp.HandlerContext
---@return lsp.ApplyWorkspaceEditResult
function M.confirm(params, context)
  local client = assert(vim.lsp.get_client_by_id(context.client_id))
  local preview, problem = preview_of.of(params.edit, client.offset_encoding, client.root_dir)
  if preview == nil then
    return reported(params, problem or 'it cannot be shown')
  end
  local id = question_id(params.edit)
  if id then
    local choice = questions.ask(question_of(params, preview, id, client.id))
    if choice ~= 'apply' then
      preview_of.forget(preview)
      return refused(choice == 'discard' and 'discarded by the user' or 'closed before it was answered')
    end
  end
  local is_applied, reason, left = apply.apply(params.edit, preview, client.offset_encoding)
  if not is_applied then
    preview_of.forget(preview)
    return reported(params, reason or 'Neovim refused it', left)
  end
  return { applied = true }
end

return M
