-- The command and the <Plug> mappings. Nothing is loaded before one of them is used.

if vim.g.loaded_steward then
  return
end
vim.g.loaded_steward = true

vim.api.nvim_create_user_command('Steward', function(command)
  require('steward.commands').run(command)
end, {
  nargs = '*',
  range = true,
  bang = true,
  complete = function(...)
    return require('steward.commands').complete(...)
  end,
  desc = 'Steward: agents, questions, costs',
})

vim.keymap.set('i', '<Plug>(steward-accept)', function()
  require('steward.ghost').accept()
end, { desc = 'Steward: accept the ghost text' })
vim.keymap.set('i', '<Plug>(steward-accept-word)', function()
  require('steward.ghost').accept_word()
end, { desc = 'Steward: accept a word of the ghost text' })
vim.keymap.set('i', '<Plug>(steward-accept-line)', function()
  require('steward.ghost').accept_line()
end, { desc = 'Steward: accept a line of the ghost text' })
vim.keymap.set('n', '<Plug>(steward-questions)', '<Cmd>Steward questions<CR>', {
  desc = 'Steward: show the open questions',
})
vim.keymap.set({ 'n', 'x' }, '<Plug>(steward-fix)', ':Steward fix<CR>', {
  desc = 'Steward: fix with an agent',
})
vim.keymap.set({ 'n', 'x' }, '<Plug>(steward-chat)', ':Steward chat<CR>', {
  desc = 'Steward: chat, about the selection',
})
