--- `workspace/applyEdit`: nothing that asks for confirmation is applied before the diff was seen.

local apply = require('steward.apply')
local diff = require('steward.diff')
local messages = require('steward.messages')
local preview_of = require('steward.preview')
local questions = require('steward.questions')
local review_of = require('steward.review')
local window = require('steward.window')

local M = {}

---@param review steward.Review
---@return steward.Choice[]
local function choices(review)
  return {
    {
      id = 'apply',
      title = 'Apply',
      ask = function(question)
        review:approve(question)
      end,
    },
    { id = 'discard', title = 'Discard' },
    {
      id = 'reason',
      key = 'R',
      title = 'Discard, with a reason',
      ask = function()
        review:reject_because()
      end,
    },
  }
end

local GLANCE_KEYS = '<CR> = go through it   q = later'

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

--- The proposal that an edit comes from; nil where it does not say.
---@param edit lsp.WorkspaceEdit
---@return string?
function M.proposal_of(edit)
  local annotation = next(edit.changeAnnotations or {})
  return annotation and questions.plain_id(annotation)
end

--- The diff as a question: its whole text where the person works, side by side when they ask.
---@param params lsp.ApplyWorkspaceEditParams
---@param preview steward.Preview
---@param id string
---@param client_id integer
---@return steward.Question, steward.Review
local function question_of(params, preview, id, client_id)
  local title = title_of(params)
  ---@type steward.Window?
  local glance
  -- What was left out and said of it stays while the question does, whatever is closed meanwhile.
  local review = review_of.new(id)
  ---@type fun()?
  local close
  local function hide()
    if glance then
      glance:delete()
      glance = nil
    end
    if close then
      local shown = close
      close = nil
      shown()
    end
  end
  ---@param question steward.Question
  local function open(question)
    hide()
    close = require('steward.review_view').open(preview, question, review, hide)
  end
  ---@type steward.Question
  local question = {
    id = id,
    client_id = client_id,
    title = title,
    choices = choices(review),
    fingerprint = vim.json.encode(params.edit),
    hide = hide,
    announce = function(question)
      hide()
      glance = window.new({
        title = question.title,
        lines = (diff.lines(preview)),
        syntax = 'diff',
        keys = GLANCE_KEYS,
        map = function(bufnr, later)
          local how = { buffer = bufnr, nowait = true, desc = 'Steward: go through the proposal' }
          vim.keymap.set('n', '<CR>', function()
            open(question)
          end, how)
          vim.keymap.set('n', 'q', later, { buffer = bufnr, nowait = true, desc = 'Steward: decide later' })
        end,
      })
      glance:show(false)
    end,
    open = open,
  }
  return question, review
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
    local question, review = question_of(params, preview, id, client.id)
    local choice = questions.ask(question)
    if choice == nil then
      review:hand_over()
    end
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
  local proposal = M.proposal_of(params.edit)
  if proposal then
    require('steward.places').note(proposal, preview)
  end
  return { applied = true }
end

return M
