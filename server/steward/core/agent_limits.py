"""The largest of everything that agents, their tools and their definitions may bring.

Sizes in bytes unless the name says else.
"""

from steward.core.limits import PATH_CHARS_MAX

SEARCH_WALL_S = 20.0
"""How long one search may take; then it ends with what it has."""
SEARCH_PATTERN_BYTES_MAX = 8 * 1024 * 1024
"""What the automaton of one regular expression may take of memory."""
EDITS_MAX = 100
"""Replacements of one call in one file."""
READ_LINE_CHARS_MAX = 2_000
"""One line of a file, as a tool shows it; a longer one is cut."""
GIT_OUTPUT_BYTES_MAX = 64 * 1024 * 1024
"""What one git command may print where all of it is needed."""
GIT_READ_BYTES_MAX = 4 * 1024 * 1024
"""What is looked at of git's lists and histories; of more, the beginning."""
GIT_DRIVERS_MAX = 400
"""Settings of filters in one repository's configuration; each is switched off by its name."""
GIT_FILES_MAX = 200
"""Files of one diff that are read."""
GIT_COMMITS_MAX = 50
"""Commits of one log."""
GIT_BLAMED_LINES_MAX = 400
"""Lines of one blame."""
GIT_DIFF_LINES_MAX = 1_000
"""Changed lines of one file of which the smallest difference is looked for; of more, one region is
shown."""
QUESTION_CHARS_MAX = 4_000
"""A question that an agent puts to a model."""
QUESTION_TEXT_CHARS_MAX = 100_000
"""The text that such a question is about."""
AGENT_TASK_CHARS_MAX = 4_000
"""What one agent says to another that it calls."""
AGENTS_CALLABLE_MAX = 20
"""The agents that one agent may call."""
AGENTS_CALLED_MAX = 20
"""How often all agents of one run together call another."""
AGENT_DEPTH_MAX = 2
"""How many agents may be called in each other; the one that a run was started with is none."""
EVENTS_WAITING_MAX = 5_000
"""Events that may wait to be written down; those beyond are counted as lost."""
EVENTS_RUNS_MAX = 500
"""Runs of which it is remembered which model they asked, for their events."""
EVENTS_FORGOTTEN_AT_ONCE = 5_000
"""Events that are removed for their age in one transaction."""
RUNS_PRUNED_AT_ONCE = 50
"""Old runs whose traces are removed in one transaction."""
SENT_RUN_BYTES_MAX = 8 * 1024 * 1024
"""What is kept of all that one run sent to models; the rest is named and left out."""
SENT_MESSAGES_KNOWN_MAX = 512
"""Messages whose digests are remembered, so that they are not looked at again at each call."""
COMMAND_LINE_BYTES_MAX = 8 * 1024
"""One command, as a line or as words; a person reads all of it before a yes."""
COMMAND_PARTS_MAX = 50
"""Simple commands of one line."""
COMMAND_WORDS_MAX = 1_000
"""Words of one command."""
COMMAND_FILES_MAX = 100
"""Files of the workspace that one command names; each is bound to what was approved."""
COMMAND_DISK_BYTES_MAX = 256 * 1024 * 1024
"""What a jailed command may write to the disk, where it works on a copy of the workspace."""
COMMAND_FILES_OPEN_MAX = 256
"""Files that one jailed process may hold open."""
JAIL_PINNED_BYTES_MAX = 64 * 1024 * 1024
"""All files together that a jailed command may see only as they were approved."""
JAIL_CHANGES_MAX = 1_000
"""Files whose changes by a jailed command are looked into; and as many that are named only."""
JAIL_CHANGES_BYTES_MAX = 32 * 1024 * 1024
"""What all these files hold together afterwards."""
MENTIONS_MAX = 20
"""What a person may point at when they start a run."""
MENTION_CHARS_MAX = PATH_CHARS_MAX + 32
"""One of these: a path with lines, or the name of a symbol."""
REASON_CHARS_MAX = 4_000
"""What a person may say to an agent when they refuse it something."""
REPLY_CHARS_MAX = 200_000
"""All that an answer may hold beside yes and no, a plan included, as JSON."""
HUNKS_MAX = 1_000
"""Hunks of one proposal that a person may choose from; of more, it is all or nothing."""
HUNKS_CHARS_MAX = 1_000_000
"""The lines of these hunks together, as they are shown."""
MARKS_MAX = 500
"""Places of one proposal that a reader is pointed to, such as hidden characters; whole files that
are made, moved or deleted are always among them."""
HUNKS_NAMED_MAX = 20
"""Hunks that are named when a model is told what was kept; of more, how many."""
SUCCESSORS_MAX = 10
"""So often may one proposal be merged with what a person writes meanwhile."""
WATCHED_CHARS_MAX = 2_000_000
"""The texts of a proposal that are compared with the files while its question is open."""
STRUCTURED_CHARS_MAX = 128 * 1024
"""Of an answer that is read as JSON; mending takes time that grows with its square."""
STRUCTURED_DEPTH_MAX = 64
"""How deep such an answer may nest."""
RULE_CHARS_MAX = 500
"""One rule about tools, as a person wrote it."""
RULES_MAX = 200
"""The rules of one agent, or of the settings."""
GRANTS_A_RUN_MAX = 100
"""What one run may have been granted for its rest."""
BRANCH_PATTERNS_MAX = 100
"""Patterns of protected branches."""
STAGE_S = 1.5
"""How long one stage of extensions may look at a model's context; then it changes nothing."""
STAGES_S = 3.0
"""How long all stages of one position may."""
STAGE_ADDED_TOKENS_MAX = 2_000
"""What one stage may add to what a model sees."""
ENGINE_VETO_S = 0.5
"""How long extensions may think about whether a step may be taken; then it is."""
ENGINE_MOMENTS_MAX = 1_000
"""Moments of runs that wait to be told to extensions; then the oldest is left out."""
WORKSPACE_GLOBS_MAX = 400
"""Globs of all extensions for which the workspace is looked through."""
WATCHED_CHANGES_MAX = 2_000
"""Files that one telling of changes names; of more, the first."""
SAVES_KEPT_MAX = 50
"""Saved documents of which an extension is told that begins only afterwards."""
REMARKS_MAX = 2_000
"""Remarks of one extension on all files together."""
EXTENSION_TOLD_CHARS_MAX = 4_000
"""What an extension says of one of its tools, as a model is shown it."""
EXTENSION_TOLD_RUN_CHARS_MAX = 32_000
"""All that extensions say of their tools in one run."""
MCP_SERVERS_MAX = 20
"""MCP servers of the settings."""
MCP_WORDS_MAX = 100
"""Words of a server's command; and variables, headers, folders and names of tools of one server."""
MCP_VALUE_CHARS_MAX = 4_000
"""One of these."""
MCP_TOOLS_MAX = 128
"""Tools of one server; one that names more is not used at all."""
MCP_LISTING_BYTES_MAX = 256 * 1024
"""All that a server says of its tools; a person reads it before a yes."""
MCP_DESCRIPTION_CHARS_MAX = 4_000
"""What a server says of one tool."""
MCP_SCHEMA_BYTES_MAX = 16 * 1024
"""The schema of one tool's arguments."""
MCP_SCHEMA_DEPTH_MAX = 16
"""How deep such a schema may nest."""
MCP_TOLD_CHARS_MAX = 1_500
"""What a model is shown of a server's words about one tool."""
MCP_TOLD_RUN_CHARS_MAX = 40_000
"""What a model is shown of the words of all servers of a run."""
MCP_ARGUMENTS_CHARS_MAX = 64 * 1024
"""The arguments of one call, as JSON."""
MCP_MESSAGE_BYTES_MAX = 4 * 1024 * 1024
"""One message of a server; a larger one ends it."""
MCP_UNASKED_MAX = 1_000
"""Messages of a server between two that we send; more of them end it."""
MCP_LISTENS_MAX = 50
"""How often a server over HTTP is listened to, or asked for the rest of an answer."""
MCP_START_S = 30.0
"""How long a server may take until it can be asked."""
MCP_CALL_S = 60.0
"""How long one call may take, where the settings say nothing else."""
MCP_CALL_S_MAX = 3_600.0
"""How long the settings may let one take."""
MCP_IDLE_S = 600.0
"""How long a server that nobody calls stays up."""
MCP_LIFE_S = 8 * 3_600.0
"""How long a server stays up at most."""
MCP_ADDRESS_BYTES_MAX = 256 * 1024**3
"""The address space of one of a server's processes; JavaScript engines reserve far more than they
use, and what they use is counted."""
MCP_RESIDENT_BYTES_MAX = 1024**3
"""The memory that all processes of one server hold together."""
CHANGES_LOOKED_AT_MAX = 500
"""Landed proposals that are looked at for one undo, or one list of changes: the newest ones."""
CHANGES_LISTED_MAX = 50
"""Runs whose changes are listed at once."""
FORGE_PLACES_MAX = 100
"""Hosts, folders or patterns of branches that the forge's settings name."""
FORGE_CONNECT_S = 10.0
FORGE_WALL_S = 30.0
"""How long one request to the forge may take."""
FORGE_ANSWER_BYTES_MAX = 4 * 1024 * 1024
"""One answer of the forge."""
FORGE_LISTED_MAX = 100
"""Pull requests of one list; the forge is asked for those of one branch."""
PUSH_WALL_S = 180.0
"""How long one push may take."""
PUSH_SAID_BYTES_MAX = 1024 * 1024
"""What a remote may say while it is pushed to, its list of branches included."""
PUSH_COMMITS_MAX = 100
"""Commits of one pull request; a person reads the list before a yes."""
PUSH_FILES_MAX = 300
"""Files of one pull request; a person reads the list before a yes."""
PUSH_OBJECTS_MAX = 20_000
"""Files, folders and commits that one push may send."""
PUSH_BYTES_MAX = 32 * 1024 * 1024
"""All that one push may send, unpacked; each byte is searched for secrets."""
PULL_REQUEST_TITLE_CHARS_MAX = 256
PULL_REQUEST_TEXT_CHARS_MAX = 60_000
"""What GitHub takes is a little more."""
REMOTE_NAME_CHARS_MAX = 100
INSTRUCTION_BYTES_MAX = 32 * 1024
"""One file of instructions, such as AGENTS.md; a larger one does not count."""
INSTRUCTIONS_BYTES_MAX = 64 * 1024
"""All of them that count for one place."""
INSTRUCTION_FILES_MAX = 24
"""Files of instructions that count for one place, or in one run."""
INSTRUCTION_FILES_READ_MAX = 64
"""Files that are looked into to find these."""
INSTRUCTION_FILES_NAMED_MAX = 40
"""Files of instructions that one question about a folder names; others are asked about later."""
INSTRUCTION_IMPORT_DEPTH_MAX = 3
"""How far a file that a file of instructions imports may import others."""
DECISION_CHARS_MAX = 4_500
"""What is kept of one decision when a conversation is shortened; what a person said fits."""
POLICY_BYTES_MAX = 256 * 1024
"""An administrator's policy file."""
POLICY_RULES_MAX = 100
"""Its rules."""
DESCENT_DEPTH_MAX = 16
"""How often a stretch between two matched lines is looked into for more of them."""
DESCENT_DOUBTS_MAX = 3
"""Lines from which one line may come; where there are more, nobody can say."""
DESCENT_GAP_LINES_MAX = 60
"""Lines of a replaced stretch among which a changed line is looked for."""
WHY_LINES_MAX = 400
"""Lines that are asked about at once."""
WHY_LANDINGS_MAX = 5_000
"""Changes of one file that are looked at, the newest ones; and of one workspace, for its moves."""
WHY_CHARS_MAX = 64 * 1024 * 1024
"""Characters of these that are read."""
WHY_STATES_MAX = 6
"""Places from which one line may come in one text; where there are more, nobody can say."""
WHY_SAMPLES = 5
"""Places of a file that are looked for elsewhere, to find out whether it was moved."""
CHAT_TEXT_CHARS_MAX = 20_000
"""What a person says at once in a conversation."""
CHAT_ATTACHMENTS_MAX = 10
"""Attachments of one message."""
CHAT_ATTACHMENT_CHARS_MAX = 200_000
"""The text of one of them, before it is cut to its tokens."""
CHAT_TITLE_CHARS_MAX = 200
"""What one of them, or a conversation, is called."""
CHAT_MESSAGES_MAX = 1_000
"""Messages of one conversation; then another one is begun."""
CHAT_LISTED_MAX = 200
"""Conversations that are listed: the newest ones."""
CHAT_ANSWERS_MAX = 8
"""Answers that one window lets come at the same time."""
CHAT_EARLIER_TOKENS_MAX = 16_000
"""What a model is shown of the conversation before, with what was pointed at there."""
CHAT_ATTACHED_TOKENS_MAX = 8_000
"""What it is shown of the attachments of one message."""
CHAT_TO_RUN_TOKENS_MAX = 4_000
"""What an agent is shown of the conversation before."""
CHAT_PRUNED_AT_ONCE = 20
"""Old conversations that are removed in one transaction."""
CHAT_BLOCKS_MAX = 200
"""Code blocks of one answer that can be applied."""
