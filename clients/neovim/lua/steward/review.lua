--- A proposal gone through hunk by hunk: what is left out and why, and the answer that follows.
---
--- Nothing of it is an answer before the person gives one, and the server makes of it what lands.

local messages = require('steward.messages')
local questions = require('steward.questions')
local server = require('steward.server')

local M = {}

---@class steward.Mark What a reader should see at a glance.
---@field file string
---@field line? integer In the text afterwards, from 1; none where it is the file as a whole.
---@field kind string
---@field text string

---@class steward.Review
---@field private proposal string
---@field asked? steward.Choosable The server's own question, once it is known.
---@field private left_out table<string, true>
---@field private comments table<string, string>
---@field private is_answered boolean
local Review = {}
Review.__index = Review

--- Longer ones are refused by the server.
local REASON_CHARS_MAX = 4000

---@param proposal string
---@return steward.Review
function M.new(proposal)
  return setmetatable({ proposal = proposal, left_out = {}, comments = {}, is_answered = false }, Review)
end

--- What was decided of proposals whose question was taken away, by run. One that comes anew, merged
--- with what the person typed, names the hunks that stayed the same by the same ids.
---@type table<string, { left_out: table<string, true>, comments: table<string, string> }>
local carried = {}

--- Keep what was left out and said for a proposal of the run that comes in place of this one.
function Review:hand_over()
  if self.asked and not self.is_answered then
    carried[self.asked.runId or ''] = { left_out = self.left_out, comments = self.comments }
  end
end

---@private
function Review:take_over()
  local run = self.asked.runId or ''
  local before = carried[run]
  carried[run] = nil
  for _, hunk in ipairs(before and self:hunks() or {}) do
    self.left_out[hunk.id] = before.left_out[hunk.id]
    self.comments[hunk.id] = before.comments[hunk.id]
  end
end

--- Ask the server what the question is about, and go on; at once where that is known.
---@param done fun()
function Review:fetch(done)
  if self.asked then
    done()
    return
  end
  server.execute('steward.questions', nil, function(open)
    for _, question in ipairs(require('steward.status').without_nulls(open)) do
      if question.proposal == self.proposal then
        self.asked = question
        self:take_over()
        done()
      end
    end
  end)
end

---@param what 'choice'|'reason'
---@return boolean
function Review:takes(what)
  return self.asked ~= nil and vim.list_contains(self.asked.takes or {}, what)
end

---@return steward.Hunk[]
function Review:hunks()
  return self.asked and self.asked.hunks or {}
end

---@return steward.Mark[]
function Review:marks()
  return self.asked and self.asked.marks or {}
end

--- What must be known before one answers: the lines of the question that warn.
---@return string[]
function Review:warnings()
  local found = {}
  for line in (self.asked and self.asked.markdown or ''):gmatch('[^\n]+') do
    if line:find('^```') then
      break
    elseif line:find('^%*%*') then
      found[#found + 1] = line
    end
  end
  return found
end

---@param hunk steward.Hunk
---@return boolean
function Review:is_kept(hunk)
  return not self.left_out[hunk.id]
end

---@param hunk steward.Hunk
---@return string?
function Review:comment_on(hunk)
  return self.comments[hunk.id]
end

---@return steward.Hunk[]
function Review:kept()
  return vim.tbl_filter(function(hunk)
    return self:is_kept(hunk)
  end, self:hunks())
end

--- Leave a hunk out, or take it in again.
---@param hunk steward.Hunk
function Review:toggle(hunk)
  self.left_out[hunk.id] = self:is_kept(hunk) or nil
end

--- Leave all hunks of a file out, or take them in again where all are out.
---@param file string
function Review:toggle_file(file)
  local own = vim.tbl_filter(function(hunk)
    return hunk.file == file
  end, self:hunks())
  local is_any_kept = vim.iter(own):any(function(hunk)
    return self:is_kept(hunk)
  end)
  for _, hunk in ipairs(own) do
    self.left_out[hunk.id] = is_any_kept or nil
  end
end

--- Say something of a hunk; an empty text takes it back. The agent is told with the answer.
---@param hunk steward.Hunk
---@param comment string
function Review:say(hunk, comment)
  local words = vim.trim(comment)
  self.comments[hunk.id] = words ~= '' and words or nil
end

--- All comments as one text, each with its place.
---@return string
function Review:remarks()
  local said = {}
  for _, hunk in ipairs(self:hunks()) do
    local comment = self.comments[hunk.id]
    if comment then
      said[#said + 1] = ('%s %s: %s'):format(hunk.file, hunk.header, comment)
    end
  end
  return table.concat(said, '\n')
end

--- Where a hunk stands in the texts; nil of one that is a whole file.
---@param hunk steward.Hunk
---@return { old: integer, old_count: integer, new: integer, new_count: integer }?
function M.place(hunk)
  local old, old_count, new, new_count = hunk.header:match('^@@ %-(%d+),?(%d*) %+(%d+),?(%d*) @@')
  if old == nil then
    return nil
  end
  return {
    old = tonumber(old),
    old_count = old_count == '' and 1 or tonumber(old_count),
    new = tonumber(new),
    new_count = new_count == '' and 1 or tonumber(new_count),
  }
end

--- How far a row is from a hunk of its file: nought in it; nil where it is of another file.
---@param hunk steward.Hunk
---@param spot steward.Spot
---@return integer?
function M.distance(hunk, spot)
  if hunk.file ~= spot.file then
    return nil
  end
  local place = M.place(hunk)
  if place == nil then
    return 0
  elseif spot.side == 'file' then
    return place.new
  end
  local first, count = place.new, place.new_count
  if spot.side == 'old' then
    first, count = place.old, place.old_count
  end
  -- A side without lines is named by the line before it, and is one apart from that.
  local is_beside = count == 0 and 1 or 0
  local last = first + math.max(count, 1) - 1
  if spot.line < first then
    return first - spot.line + is_beside
  end
  return math.max(0, spot.line - last) + is_beside
end

--- The hunk that a row belongs to, or else the nearest of its file.
---@param spot? steward.Spot
---@return steward.Hunk?
function Review:nearest(spot)
  local best, least
  for _, hunk in ipairs(spot and self:hunks() or {}) do
    local distance = M.distance(hunk, spot)
    if distance and (least == nil or distance < least) then
      best, least = hunk, distance
    end
  end
  return best
end

---@param answer table
---@param told string
function Review:send(answer, told)
  local asked = assert(self.asked)
  local argument = vim.tbl_extend('error', { id = asked.id, digest = asked.digest }, answer)
  if #(argument.reason or '') > REASON_CHARS_MAX then
    messages.warn('nothing was answered: what you say of the hunks is too long together. Shorten it with c.')
    return
  end
  self.is_answered = true
  server.execute('steward.answer', argument, function()
    messages.info(told)
  end, function()
    self.is_answered = false
  end)
end

--- Yes to what is kept, with what was said of the hunks.
---@param question steward.Question
function Review:approve(question)
  local kept, all, remarks = self:kept(), self:hunks(), self:remarks()
  if #all > 0 and #kept == 0 then
    messages.info('to keep nothing of it, discard it: R, with what you said of the hunks, or r.')
  elseif #kept == #all and remarks == '' then
    questions.answer(question, 'apply')
  else
    local ids
    if #kept < #all then
      ids = vim.tbl_map(function(hunk)
        return hunk.id
      end, kept)
    end
    local answer = { choice = 'approve', kept = ids, reason = remarks ~= '' and remarks or nil }
    self:send(answer, ('%d of %d hunks are kept.'):format(#kept, #all))
  end
end

--- No to all of it, and why.
function Review:reject_because()
  self:fetch(function()
    if not self:takes('reason') then
      messages.info('no reason can be given here; r discards it.')
      return
    end
    local default = self:remarks():gsub('\n', '; ')
    vim.ui.input({ prompt = 'Why not? The agent is told: ', default = default }, function(reason)
      if reason and vim.trim(reason) ~= '' then
        self:send({ choice = 'reject', reason = vim.trim(reason) }, 'the proposal was discarded.')
      end
    end)
  end)
end

return M
