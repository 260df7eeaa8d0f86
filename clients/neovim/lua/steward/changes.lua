--- What agents changed in files: listed, taken back, done again.
---
--- The server makes the diff and asks about it as about any other before anything is done.

local messages = require('steward.messages')
local page = require('steward.page')
local server = require('steward.server')

local M = {}

---@class steward.Change
---@field id string
---@field runId string
---@field step string The step that made it; empty for an undo.
---@field kind 'change'|'undo'|'redo'
---@field title string
---@field at string
---@field undone 'no'|'partly'|'yes'
---@field files { path: string, isUndone: boolean }[]

---@class steward.Part
---@field title string
---@field argument { runId: string, step?: string, proposalId?: string }

local UNDONE = { no = '', partly = ', a part of it is undone', yes = ', undone' }

---@param changes steward.Change[]
---@return string
local function files_of(changes)
  local paths, seen = {}, {}
  for _, change in ipairs(changes) do
    for _, file in ipairs(change.files) do
      if not seen[file.path] then
        seen[file.path] = true
        paths[#paths + 1] = file.path
      end
    end
  end
  return #paths > 3 and ('%d files'):format(#paths) or table.concat(paths, ', ')
end

---@param change steward.Change
---@return string
local function worded(change)
  local told = { change.title, files_of({ change }), UNDONE[change.undone] or '' }
  return (('%s (%s%s)'):format(unpack(told)):gsub('%s+', ' '))
end

--- Hand on the changes, and the goal of each run.
---@param done fun(changes: steward.Change[], goals: table<string, string>)
local function with_changes(done)
  server.execute('steward.changes', nil, function(changes)
    server.execute('steward.runs', nil, function(runs)
      local goals = {}
      for _, run in ipairs(runs) do
        goals[run.id] = run.goal
      end
      done(changes, goals)
    end)
  end)
end

--- Show what agents changed here, and what of it is undone.
local function list()
  with_changes(function(changes, goals)
    local lines = { '# Changes', '' }
    for _, change in ipairs(changes) do
      local goal, at = goals[change.runId] or change.runId, change.at:sub(1, 16):gsub('T', ' ')
      lines[#lines + 1] = ('- %s: %s, %s UTC'):format(worded(change), goal, at):gsub('%s+', ' ')
    end
    lines[#lines + 1] = #changes == 0 and 'No agent changed a file here.' or nil
    page.show('changes', table.concat(lines, '\n'))
  end)
end

--- The places that agents changed as the quickfix list; with "list", what was changed as a page.
---@param words string
function M.show(words)
  if words == 'list' then
    list()
  else
    require('steward.places').quickfix()
  end
end

--- The turns of a run in which several changes were made, but not all of them.
---@param own steward.Change[]
---@return steward.Part[]
local function turns(own)
  local by_turn, order = {}, {}
  for _, change in ipairs(own) do
    local turn = change.step:match('^tool%-(%d+)%-') or change.step:match('^land%-(%d+)%-')
    if turn and by_turn[turn] == nil then
      by_turn[turn] = {}
      order[#order + 1] = turn
    end
    if turn then
      table.insert(by_turn[turn], change)
    end
  end
  local parts = {}
  for _, turn in ipairs(order) do
    local made = by_turn[turn]
    if #made > 1 and #made < #own then
      parts[#parts + 1] = {
        title = ('Step %d: %d changes (%s)'):format(turn + 1, #made, files_of(made)),
        argument = { runId = own[1].runId, step = 'think-' .. turn },
      }
    end
  end
  return parts
end

--- All of a run's changes, its steps, and each change.
---@param own steward.Change[]
---@return steward.Part[]
local function parts_of(own)
  local all = ('All %d changes (%s)'):format(#own, files_of(own))
  local parts = #own > 1 and { { title = all, argument = { runId = own[1].runId } } } or {}
  vim.list_extend(parts, turns(own))
  for _, change in ipairs(own) do
    local argument = { runId = change.runId, proposalId = change.id }
    parts[#parts + 1] = { title = worded(change), argument = argument }
  end
  return parts
end

---@param verb 'undo'|'redo'
---@param part steward.Part
local function ask_for(verb, part)
  server.execute('steward.' .. verb, part.argument, function(ended)
    local is_done = ended.state == 'applied'
    local begun = is_done and { ended.isRedo and 'Done again.' or 'Undone.' } or {}
    begun[#begun + 1] = ended.outcome
    local told = table.concat(vim.list_extend(begun, ended.told), '\n')
    if is_done and #ended.told == 0 then
      messages.info(told)
    else
      messages.warn(told)
    end
  end)
end

---@param verb 'undo'|'redo'
---@param own steward.Change[]
local function pick_part(verb, own)
  local parts = parts_of(own)
  if #parts == 1 then
    ask_for(verb, parts[1])
    return
  end
  local options = {
    prompt = ('Steward: %s what of it?'):format(verb),
    format_item = function(part)
      return part.title
    end,
  }
  vim.ui.select(parts, options, function(part)
    if part then
      ask_for(verb, part)
    end
  end)
end

---@param changes steward.Change[]
---@return steward.Change[][] runs The changes of each, the newest run first.
local function by_run(changes)
  local found, index = {}, {}
  for _, change in ipairs(changes) do
    if index[change.runId] == nil then
      found[#found + 1] = {}
      index[change.runId] = #found
    end
    table.insert(found[index[change.runId]], change)
  end
  return found
end

---@param verb 'undo'|'redo'
---@param is_wanted fun(change: steward.Change): boolean
---@param none string
local function pick_run(verb, is_wanted, none)
  with_changes(function(changes, goals)
    local runs = by_run(vim.tbl_filter(function(change)
      return change.kind == 'change' and is_wanted(change)
    end, changes))
    if #runs == 0 then
      messages.info(none)
      return
    end
    local options = {
      prompt = ('Steward: %s changes of which run?'):format(verb),
      format_item = function(own)
        return (('%s (%s)'):format(goals[own[1].runId] or own[1].runId, files_of(own)):gsub('%s+', ' '))
      end,
    }
    vim.ui.select(runs, options, function(own)
      if own then
        pick_part(verb, own)
      end
    end)
  end)
end

---@param change steward.Change
---@return boolean
local function can_be_undone(change)
  return change.undone ~= 'yes'
end

---@param change steward.Change
---@return boolean
local function can_be_redone(change)
  return change.undone ~= 'no'
end

--- Take back what a run changed, or a part of it, as the person picks.
function M.undo()
  pick_run('undo', can_be_undone, 'no agent changed anything here that is not undone.')
end

--- Do again what was undone.
function M.redo()
  pick_run('redo', can_be_redone, 'nothing is undone here.')
end

---@param verb 'undo'|'redo'
---@param run steward.Run
---@param is_wanted fun(change: steward.Change): boolean
---@param none string
local function pick_in(verb, run, is_wanted, none)
  with_changes(function(changes)
    local own = vim.tbl_filter(function(change)
      return change.runId == run.id and change.kind == 'change' and is_wanted(change)
    end, changes)
    if #own == 0 then
      messages.info(none)
    else
      pick_part(verb, own)
    end
  end)
end

--- Take back what this run changed, or a part of it.
---@param run steward.Run
function M.undo_of(run)
  pick_in('undo', run, can_be_undone, 'the run changed nothing that is not undone.')
end

--- Take back all that this run changed; what came later stays.
---@param run steward.Run
function M.restore_before(run)
  ask_for('undo', { title = run.goal, argument = { runId = run.id } })
end

--- Do again what was undone of this run.
---@param run steward.Run
function M.redo_of(run)
  pick_in('redo', run, can_be_redone, 'nothing of the run is undone.')
end

return M
