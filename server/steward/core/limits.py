"""The largest of everything that comes from outside. Sizes in bytes unless the name says else."""

EVENTS_QUEUED_MAX = 256
"""Events a watcher may fall behind before it loses the oldest."""

HEADER_BYTES_MAX = 8 * 1024
"""One message's headers (LSP 3.18, base protocol)."""
MESSAGE_BYTES_MAX = 64 * 1024 * 1024
"""One message's body."""
JSON_DEPTH_MAX = 200
"""How deep the values of a message may nest; the protocol's own need about a dozen levels."""
LIVE_REQUESTS_MAX = 2_000
"""Requests of one client that may wait for their answers at the same time."""
REFUSAL_CHARS_MAX = 2_000
"""What an error answer says; it may quote the client."""
LOG_RECORD_CHARS_MAX = 8_000
"""One record of the log."""
LOG_CHARS_A_MINUTE_MAX = 256 * 1024
"""All records of a minute together; those beyond are counted and left out."""
LOG_RECORDS_WAITING_MAX = 1_000
"""Records that wait for whoever reads standard error; those beyond are left out too."""

EDITOR_LOOKS_MAX = 40
"""How often the editor's documents are compared with the approved text after it answered."""
EDITOR_REPLY_S = 600.0
"""How long an editor may take to apply an edit that the person has approved already."""
FILES_LOOKED_AT_S = 1.0
"""How often the files of a proposal are looked at while its question is open."""

SUGGESTION_CHARS_MAX = 16_000
"""Characters of a model's answer that are read for one suggestion."""
SUGGESTION_LINES_MAX = 60
"""Lines of one suggestion."""
SUGGESTION_LINE_CHARS_MAX = 2_000
"""Characters of one of them: a longer one is no code that anybody reads."""

DOCUMENT_CHARS_MAX = 4 * 1024 * 1024
"""An open document whose text is kept; of a larger one only its name and version are."""
GHOST_DOCUMENTS_MAX = 32
"""Documents whose suggestions are remembered; the one asked about least recently goes first."""
GHOST_KNOWN_MAX = 64
"""Suggestions that are remembered for one document."""
GHOST_KNOWN_CHARS_MAX = 256 * 1024
"""The texts that they are remembered for, together; what these share is counted once."""
GHOST_CURSOR_CHARS_MAX = 100_000
"""Characters of a document with long lines that ghost text looks at, before the cursor and after;
before it up to twice as many, so that whoever types on has the same beginning."""
FILE_BYTES_MAX = 2 * 1024 * 1024
"""A file that a model may be shown or may edit."""
FILES_LISTED_MAX = 20_000
"""Files one search looks at."""
FOLDER_DEPTH_MAX = 64
"""How deep below the workspace a search goes."""
PATH_CHARS_MAX = 4096
"""A path as a model or a client wrote it."""
PATH_COMPONENT_BYTES_MAX = 255
"""One name in a path, encoded."""
IGNORE_FILE_BYTES_MAX = 256 * 1024
"""One ignore file; a larger one blocks its folder rather than being read in part."""

ALIGNMENT_DEPTH_MAX = 24
"""How often two texts are taken apart at the lines that each has once, piece by piece."""
ALIGNMENT_EDITS_MAX = 500
"""Lines of one piece that may differ where its shortest difference is looked for."""
ALIGNMENT_STEPS_MAX = 1_000_000
"""Steps that the comparison of two texts may take; what is left then counts as changed whole."""

CHANGES_MAX = 100
"""Changes of one proposal."""
CHANGES_BYTES_MAX = 8 * 1024 * 1024
"""All texts of one proposal together, old and new."""
COMMIT_FILES_MAX = 200
"""Files of one commit."""
COMMIT_BYTES_MAX = 16 * 1024 * 1024
"""All files of one commit together."""
COMMIT_MESSAGE_CHARS_MAX = 10_000
BRANCH_NAME_CHARS_MAX = 200
GIT_WALL_S = 60.0
"""How long one git command may take."""
TOOL_OUTPUT_CHARS_MAX = 24_000
"""What one tool call may put before a model."""
SHOWN_CHARS_MAX = 20_000
"""Characters of a question that fit into a message box; a longer one is opened as a document."""
SHOWN_LINES_MAX = 400
"""Its lines."""
RUN_MESSAGE_CHARS_MAX = 7_000
"""What a run says of itself, in its row and to an editor; it fits into an audit entry even when
every character is escaped."""

GHOST_SHOWN_MAX = 64
"""Documents whose suggestion is watched at the same time."""
GHOST_SHOWN_S_MAX = 600.0
"""So long a suggestion counts as visible when nothing happens to it."""
GHOST_GONE_MAX = 256
"""Suggestions that are gone and not counted yet."""
GHOST_ACCEPTED_MAX = 200
"""Accepted texts that are followed at the same time."""
GHOST_CHARS_MAX = 20_000
"""One text that is watched, and what of a document is remembered behind it."""
GHOST_WINDOW_CHARS = 2_000
"""So far behind a suggestion edits are looked at."""
GHOST_EDIT_CHARS_MAX = 200_000
"""One edit that is looked into; whoever makes a larger one rewrites the document."""
GHOST_IDS_MAX = 8
"""Names under which one suggestion is known."""
GHOST_DAYS_MAX = 400
"""Days for which is kept what became of suggestions."""
GHOST_SWITCHES_MAX = 500
"""Switches of ghost text that one person has flipped."""
GHOST_SWITCH_CHARS_MAX = 4_096
"""The name of a language, or the path of a workspace, of such a switch."""

COMMAND_WALL_S_MAX = 120.0
"""How long a jailed command may take."""
COMMAND_OUTPUT_BYTES_MAX = 1024 * 1024
"""What a jailed command may print before it is ended."""
COMMAND_ADDRESS_BYTES_MAX = 2 * 1024**3
"""The address space of one jailed process."""
COMMAND_RESIDENT_BYTES_MAX = 2 * 1024**3
"""The memory that all processes of one jailed command hold together."""
COMMAND_PROCESSES_MAX = 128
"""Processes and threads of one jailed command."""
COMMAND_FILE_BYTES_MAX = 64 * 1024 * 1024
"""One file that a jailed command writes into its scratch space."""
COMMAND_SCRATCH_BYTES_MAX = 256 * 1024 * 1024
"""A jailed command's scratch space; it is memory, and gone when the command ends."""
JAIL_ENTRIES_MAX = 200_000
"""Files and folders of a workspace that a jail is willing to search for secrets."""
JAIL_COVERS_MAX = 500
"""Files of a workspace that a jail hides or shows as the editor has them."""
JAIL_COPY_BYTES_MAX = 512 * 1024 * 1024
"""A workspace that is copied: for a command that changes files, or because the jail could not show
it otherwise."""

GOAL_BYTES_MAX = 64 * 1024
"""A task that is read from standard input; how much of it a run takes is told in characters."""
REQUEST_BYTES_MAX = 4 * 1024 * 1024
"""One request to a model."""
ANSWER_CHARS_MAX = 1_000_000
"""One answer of a model."""
PROVIDER_CONNECT_S = 10.0
PROVIDER_PROBE_S = 15.0
"""How long a provider may take to say whether it accepts a key."""
CHOICES_KEPT_MAX = 256
"""Choices of a model, for a person and a task, that are remembered."""
PROVIDER_CONNECTIONS_MAX = 256
"""Connections to all providers together."""
PROVIDER_FIRST_PIECE_S = 120.0
"""How long a model may take to begin its answer; some think first."""
PROVIDER_IDLE_S = 60.0
"""The longest silence in a stream that has begun."""
PROVIDER_WALL_S = 600.0
"""The longest request; a reservation outlives it."""

PROVIDER_KEY_CHARS_MAX = 4096
"""A provider's key; it must fit into a header."""
PROVIDER_NAME_CHARS_MAX = 64
PROVIDER_KEYS_MAX = 200
"""Keys that the vault holds for one tenant."""
VAULT_KEYS_REMEMBERED_MAX = 64
"""Sealed keys that a process remembers for a moment."""
TOKENS_A_USER_MAX = 100
"""Personal tokens of one user that are in force."""
TOKEN_NAME_CHARS_MAX = 64
TOKENS_REMEMBERED_MAX = 4096
"""Personal tokens that a process remembers for a moment."""

RATE_BUCKETS_MAX = 10_000
"""People and models whose calls are counted at the same time."""
CACHE_BYTES_MAX = 8 * 1024 * 1024
"""All answers of models that are kept."""
CACHE_ANSWER_BYTES_MAX = 64 * 1024
"""One answer that is kept."""
HOOK_S = 5.0
"""How long one hook may take over one model call."""
WORKER_START_S = 90.0
"""How long the worker's process may take to load litellm."""
WORKER_CALLS_MAX = 32
"""Calls that one of its processes makes at the same time."""
WORKER_FRAME_BYTES_MAX = 512 * 1024
"""One message of the process to us."""
WORKER_ANSWER_BYTES_MAX = 16 * 1024 * 1024
"""All messages of one answer, read or not."""
WORKER_LOG_LINES_MAX = 100
"""Lines of its standard error that reach the log, for each process."""
WORKER_LINE_BYTES_MAX = 4096
"""One line of them; a longer one is cut into several."""
WORKER_RESIDENT_BYTES_MAX = 512 * 1024 * 1024
"""Memory above which a process takes no new call, and is replaced after its last one."""
WORKER_RESIDENT_BYTES_WALL = 1024 * 1024 * 1024
"""Memory above which it is ended at once."""
WORKER_LOOK_S = 1.0
"""How often its memory is looked at while it makes calls."""
WORKER_HANGS_UP_S = 5.0
"""How long it may take to confirm that a call was cancelled before it is ended."""
WORKER_ENDS_S = 3.0
"""How long it may take to end in order."""

DATABASE_BUSY_S = 5.0
"""How long the database waits for another process's lock, each time it is asked."""
DATABASE_BUSY_ATTEMPTS_MAX = 3
"""How often SQLite is asked; PostgreSQL waits as long in one go."""
DATABASE_STATEMENT_S = 30.0
"""One statement on PostgreSQL, and one silence inside a unit of work: after that the server ends
it, so that a process which hangs or lost its network does not hold up all others."""
DATABASE_CONNECT_S = 5.0
"""How long PostgreSQL may take to answer a new connection."""
DATABASE_CONNECT_ATTEMPTS_MAX = 20
"""New connections that may fail in a row before units of work stop waiting for the server."""
DATABASE_CONNECT_PAUSE_S = 0.5
"""The pause after each; together they outlast a restart of the server."""
DATABASE_UNIT_ATTEMPTS_MAX = 5
"""How often a unit of work is tried whose transaction was lost and surely not committed."""
DATABASE_READERS_MAX = 4
"""Units of work that only read which one process runs at once on PostgreSQL."""
DATABASE_SILENCE_S = 15.0
"""How long a PostgreSQL server may leave what we sent without a sign before it counts as gone."""
UNITS_WAITING_MAX = 10_000
"""Units of work that may wait for the database thread."""
LEDGER_BATCH_MAX = 256
"""Operations that the ledger books in one transaction."""
LEDGER_OPERATIONS_WAITING_MAX = 10_000
"""Operations that may wait for the ledger."""
CHECKPOINT_BYTES_MAX = 4096
"""A checkpoint of the ledger, as it is kept in a file."""
LEDGER_ACCOUNTS_KEPT_MAX = 4096
"""Accounts that the ledger's writer remembers; it forgets all when there are more."""
LEDGER_RESERVATIONS_KEPT_MAX = 4096
"""Open reservations that it remembers, likewise."""
AMOUNT_NANO_USD_MAX = 10**17
"""What one model call may cost or promise: a hundred million dollars."""
PERSON_NAME_CHARS_MAX = 200
"""The name of a person or a team."""
ATTEMPTS_MAX = 1000
"""Attempts of one request, retries and other models together."""
CALL_MS_MAX = 86_400_000
"""How long we believe that a model call took: a day."""
BALANCE_NANO_USD_MAX = 2**63 - 1
"""What an account may stand at; the databases hold no larger number."""
AUDIT_DETAIL_CHARS_MAX = 16_000
"""What one audit entry may say."""
EVENT_BYTES_MAX = 1024 * 1024
"""One line of a provider's stream."""
VECTOR_NUMBERS_MAX = 65_536
"""Numbers in one vector."""
VECTORS_BYTES_MAX = 64 * 1024 * 1024
"""An answer that is no stream: the vectors of one request."""
ERROR_BODY_BYTES_MAX = 64 * 1024
"""What is read of a provider's refusal."""
TOOL_CALLS_MAX = 64
"""Tool calls in one answer of a model."""
TOKENS_MAX = 1_000_000_000
"""A count of tokens that we believe; a larger one is a fault of the provider."""
STREAM_BYTES_MAX = 64 * 1024 * 1024
"""Everything that a provider may send for one answer, framing included."""
STREAM_TAIL_S = 0.25
"""How long the end of a finished stream is waited for, so that its connection can be used again."""

WEB_CONNECTIONS_MAX = 1_000
"""Connections of one server; where all are taken, the oldest that has not signed in goes."""
WEB_HEAD_BYTES_MAX = 32 * 1024
"""The request line and all headers of one HTTP request."""
WEB_HEADERS_MAX = 100
"""How many headers those may be."""
WEB_BODY_BYTES_MAX = 4 * 1024 * 1024
"""The body of one HTTP request."""
WEB_BODIES_BYTES_MAX = 64 * 1024 * 1024
"""The bodies of all requests that are being read, together."""
WEB_HEAD_S = 10.0
"""How long a client may take to send a request's headers."""
WEB_BODY_S = 60.0
"""How long it may take to send the body."""
WEB_IDLE_S = 75.0
"""How long a connection may wait for its next request."""
WEB_STALLED_S = 30.0
"""How long a client may leave an answer unread."""
WEB_ANSWERS_WITHIN_STOP_S = 20.0
"""How long answers under way may take when the server is told to stop."""
WEB_TOKEN_CHARS_MAX = 200
"""A personal token as a client shows it."""
WEB_FAILURES_BURST = 10
"""Failed sign-ins from one address before it is answered "too many"."""
WEB_FAILURE_EVERY_S = 6.0
"""How long it takes until one of them is forgotten."""
WEB_ADDRESSES_MAX = 10_000
"""Addresses whose failed sign-ins are remembered."""
WEB_IDEMPOTENCY_KEY_CHARS_MAX = 200
"""A client's own name for its request."""
WEB_MESSAGES_MAX = 5_000
"""Messages of one conversation."""
WEB_PARTS_MAX = 2_000
"""Parts of one message."""
WEB_TOOLS_MAX = 256
"""Tools that one request may offer to a model."""
WEB_STOPS_MAX = 16
"""Texts at which a model is told to stop."""
WEB_FILES_MAX = 256
"""Other files that come with a gap to close."""
WEB_INPUTS_MAX = 2_048
"""Texts of one request for embeddings."""
WEB_LABEL_CHARS_MAX = 64
"""One word that a client says of its call for the books."""
TEAM_MODELS_BYTES_MAX = 4 * 1024 * 1024
"""What a team's server says of its models."""
TEAM_MODELS_MAX = 2_000
"""How many of them are looked at."""
TEAM_WORDS_CHARS_MAX = 1_000
"""What is shown of the reason that a team's server gives."""
WEB_NAME_CHARS_MAX = 200
"""The name of a model, a tool or a tool call as a client writes it."""

LISTENER_EDITORS_MAX = 16
"""Editors connected to one listener; each has a server process of its own."""
LISTENER_STRANGERS_MAX = 32
"""Connections that have not shown the token; one more takes the place of the oldest."""
LISTENER_STRANGER_S = 3.0
"""How long a connection may take to show the token."""
LISTENER_HELLO_BYTES_MAX = 1024 * 1024
"""One message through a listener until the handshake (`initialize`, `initialized`) is over."""
LISTENER_STALLED_S = 30.0
"""How long an editor or its server may leave a message unread, and a WebSocket ping unanswered."""
LISTENER_PING_S = 20.0
"""The time between two pings of a WebSocket client."""
LISTENER_CLOSES_S = 2.0
"""How long a connection's last words may wait to be read."""
LISTENER_SERVER_ENDS_S = 8.0
"""How long a server process may take to end in order when its editor has left; it books what it
spent and puts its runs down meanwhile, and gives their steps 5 seconds for that."""

EDITED_DOCUMENTS_MAX = 20
"""Documents whose latest edits are remembered."""
EDITED_RANGES_MAX = 20
"""Edited places of one of them; of more, the oldest is forgotten."""
EDITED_CHARS_MAX = 8_000
"""Old and new text of one place; what is larger was not written by hand, and is forgotten."""
NEIGHBOURS_MAX = 20
"""Files of its language that are looked at for one file."""
NEIGHBOUR_BYTES_MAX = 256 * 1024
"""One of them; a larger one was hardly written by hand."""
NEIGHBOUR_FOLDER_MAX = 400
"""Entries of one folder that are looked at for them."""
NEIGHBOURS_KEPT_MAX = 32
"""Files of which is remembered which words stand where."""
SNIPPETS_MAX = 40
"""Pieces of other files that one prompt may be made of."""
SNIPPETS_CHARS_MAX = 48_000
"""All of them together."""
GATHERED_DOCUMENTS_MAX = 32
"""Documents whose snippets are remembered for the next key."""

MAP_FILES_MAX = 4_000
"""Files whose symbols are kept for ghost text; the nearest to the cursor come first."""
MAP_FILE_BYTES_MAX = 256 * 1024
"""One of them; larger ones are mostly generated."""
MAP_BYTES_MAX = 128 * 1024 * 1024
"""All that is read of them in one survey."""
MAP_DEFINITIONS_OF_FILE_MAX = 500
"""Definitions that are kept of one file."""
MAP_NAMES_OF_FILE_MAX = 1_500
"""Names it mentions that are kept."""
MAP_RECENT_MAX = 32
"""Files that were edited lately, as the map remembers them."""

OBSERVED_TEXT_CHARS_MAX = 32_768
"""Characters of one answer, or of one request, that are kept for traces where texts are wanted."""
LATEST_MAX = 50
"""Calls of a window for which what was sent can still be looked at."""
LATEST_CHARS_MAX = 2_000_000
"""Characters that are kept of these together."""
OBSERVED_WAITING_MAX = 1_000
"""Finished calls that wait to become traces; one more is not traced."""
METRIC_NAMES_MAX = 200
"""Different names of one label in the metrics; one more is counted as `other`."""
OVERRUNS_AGAIN_S = 60.0
"""So long the count of overruns stays the same; every reservation is looked at for it."""
EXPORT_S = 10.0
"""How long one delivery of traces or metrics may take."""
EXPORT_ENDS_S = 3.0
"""How long the last deliveries may take when the server stops."""

FAILED_TESTS_BYTES_MAX = 1024 * 1024
"""What a test runner wrote down of the tests that failed."""
FAILED_TESTS_MAX = 2_000
"""Tests of them that are shown above their functions."""
OUTLINES_MAX = 8
"""Documents whose outline is remembered for the menu of actions."""
TESTED_NAMES_MAX = 256
"""Names of which is remembered whether tests mention them."""
DRAFT_DIFF_CHARS_MAX = 48_000
"""What a model sees of the changes that a commit message or a pull request's text is about."""
DRAFT_LIST_CHARS_MAX = 6_000
"""The commits, or the files that are left out or new, that stand beside them."""
DRAFT_CHARS_MAX = 8_000
"""A commit message, or the text of a pull request, as the model wrote it."""
DRAFT_TITLE_CHARS_MAX = 200
"""The title of a pull request."""
