--- What can be done with a run, picked from a list: looked at, ended, resumed, taken back.

local messages = require('steward.messages')

local M = {}

---@class steward.RunAction
---@field title string
---@field is_possible fun(run: steward.Run): boolean
---@field act fun(run: steward.Run)

---@return boolean
local function always()
  return true
end

---@param part string
---@param name string
---@return fun(run: steward.Run)
local function later(part, name)
  return function(run)
    require('steward.' .. part)[name](run)
  end
end

---@return steward.RunAction[]
local function actions()
  local runs = require('steward.runs')
  return {
    { title = 'Show its course', is_possible = always, act = runs.show },
    { title = 'Show its plan and how far it is', is_possible = always, act = later('progress', 'of') },
    { title = 'Show what it sent', is_possible = always, act = runs.show_sent },
    { title = 'Cancel it', is_possible = runs.is_under_way, act = runs.end_now },
    { title = 'Resume it', is_possible = runs.can_go_on, act = runs.go_on },
    {
      title = 'Undo a part of it',
      is_possible = function(run)
        return run.undone ~= 'yes'
      end,
      act = later('changes', 'undo_of'),
    },
    {
      title = 'Do again what was undone of it',
      is_possible = function(run)
        return run.undone == 'yes' or run.undone == 'partly'
      end,
      act = later('changes', 'redo_of'),
    },
    {
      title = 'Restore to before it; what came later stays',
      is_possible = function(run)
        return run.undone ~= 'yes'
      end,
      act = later('changes', 'restore_before'),
    },
    { title = 'Say what you think of it', is_possible = always, act = later('feedback', 'of_run') },
    { title = 'Take back what you granted or refused in it', is_possible = always, act = runs.revoke_in },
  }
end

--- Let the person pick what is done with this run.
---@param run steward.Run
function M.offer(run)
  local possible = vim.tbl_filter(function(action)
    return action.is_possible(run)
  end, actions())
  local options = {
    prompt = ('Steward: %s'):format((run.goal:gsub('%s+', ' '))),
    format_item = function(action)
      return action.title
    end,
  }
  vim.ui.select(possible, options, function(action)
    if action then
      action.act(run)
    end
  end)
end

--- Let the person pick a run, and then what is done with it.
function M.pick()
  require('steward.runs').pick('Steward: which run?', M.offer)
end

--- Offer it for the run in a line of the list; a word where there is none.
---@param run? steward.Run
function M.offer_line(run)
  if run then
    M.offer(run)
  else
    messages.info('put the cursor on a run.')
  end
end

return M
