--- A run's plan and how far each step of it is, kept current where it stands.

local messages = require('steward.messages')
local page = require('steward.page')
local server = require('steward.server')

local M = {}

---@class steward.PlanStep
---@field title string
---@field tool string
---@field state 'open'|'working'|'done'|'failed'|'refused'|'skipped'
---@field traceSteps string[]

---@class steward.Progress
---@field state string
---@field message string
---@field agent string
---@field goal string
---@field cost string
---@field planSteps steward.PlanStep[]
---@field trace { step: string, title: string, ok: boolean, cost?: string }[]

local signs = { open = '[ ]', working = '[>]', done = '[x]', failed = '[!]', refused = '[-]', skipped = '[ ]' }

---@type string?
local shown
local is_asking, is_stale = false, false

---@param found steward.Progress
---@return string[] lines, table<integer, string> traced The step of the trace behind a line.
local function lines_of(found)
  local lines, traced, placed = {}, {}, {}
  ---@param line string
  ---@param step? string
  local function add(line, step)
    lines[#lines + 1] = (line:gsub('%s*[\r\n]%s*', ' '))
    traced[#lines] = step
  end
  local taken = {}
  for _, each in ipairs(found.trace) do
    taken[each.step] = each
  end
  add(('# %s: %s'):format(found.agent, found.goal))
  add('')
  local said = found.message ~= '' and (': %s'):format((found.message:gsub('%.$', ''))) or ''
  add(('The run is %s%s. It cost %s so far.'):format(found.state, said, found.cost))
  add('')
  for number, step in ipairs(found.planSteps) do
    local rest = (step.state == 'open' or step.state == 'done') and '' or (' – %s'):format(step.state)
    local told = { signs[step.state] or '[?]', number, step.title, step.tool, rest }
    add(('%s %d. %s (%s)%s'):format(unpack(told)), step.traceSteps[1])
    for _, name in ipairs(step.traceSteps) do
      local each = taken[name]
      placed[name] = true
      if each then
        add(('      %s%s'):format(each.title, each.ok and '' or ', not carried out'), name)
      end
    end
  end
  if #found.planSteps == 0 then
    add('No plan was approved yet.')
  end
  add('')
  add('<CR> on a step shows its trace. :Steward cancel ends a run, :Steward runs pick has more.')
  return lines, traced
end

---@param run_id string
---@return integer?
local function buffer_of(run_id)
  local bufnr = vim.fn.bufnr('^steward://plan-of/' .. run_id .. '$')
  return bufnr > 0 and vim.api.nvim_buf_is_loaded(bufnr) and bufnr or nil
end

---@param run_id string
---@param traced table<integer, string>
local function map(run_id, bufnr, traced)
  vim.keymap.set('n', '<CR>', function()
    local step = traced[vim.fn.line('.')]
    if step then
      page.of('run/' .. run_id, 'steward.run.show', { runId = run_id, step = step })
    else
      messages.info('nothing was done for this yet.')
    end
  end, { buffer = bufnr, nowait = true, desc = 'Steward: what was done for this step' })
end

--- Write the page anew where it stands, without moving the cursor or taking it.
---@param run_id string
---@param found steward.Progress
local function write(run_id, found)
  local lines, traced = lines_of(found)
  local bufnr = buffer_of(run_id)
  if bufnr == nil then
    return
  end
  vim.bo[bufnr].modifiable = true
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].modifiable = false
  map(run_id, bufnr, traced)
end

---@param run_id string
---@param done fun(found: steward.Progress)
local function read(run_id, done)
  server.execute('steward.run.steps', { runId = run_id }, function(found)
    done(require('steward.status').without_nulls(found))
  end)
end

--- Show how far this run's plan is.
---@param run steward.Run
function M.of(run)
  read(run.id, function(found)
    shown = run.id
    page.show('plan-of/' .. run.id, '')
    write(run.id, found)
  end)
end

--- Read it anew while it is on the screen, one request at a time.
local function refresh()
  if shown == nil or buffer_of(shown) == nil then
    shown = nil
    return
  elseif is_asking then
    is_stale = true
    return
  end
  is_asking, is_stale = true, false
  local wanted = shown
  local function after()
    is_asking = false
    if is_stale then
      refresh()
    end
  end
  local is_sent = server.execute('steward.run.steps', { runId = wanted }, function(found)
    write(wanted, require('steward.status').without_nulls(found))
    after()
  end, after)
  is_asking = is_asking and is_sent
end

--- Take up that a run has come further.
---@param params { runId: string }
function M.moved(params)
  if params.runId == shown then
    refresh()
  end
end

--- Show the plan of the run that is under way, or of one that the person picks.
function M.show()
  server.execute('steward.runs', nil, function(runs)
    local live = vim.tbl_filter(require('steward.runs').is_under_way, runs)
    if #live == 1 then
      M.of(live[1])
    else
      require('steward.runs').pick('Steward: the plan of which run?', M.of)
    end
  end)
end

return M
