"""The largest of everything that an extension says or asks. Sizes in bytes unless said else."""

EXTENSION_JSON_DEPTH_MAX = 40
"""How deep what an extension says may nest; the payloads' own need about eight levels."""
EXTENSION_ARGUMENT_CHARS_MAX = 4 * 1024 * 1024
"""One argument of a host call."""
EXTENSION_ANSWER_CHARS_MAX = 4 * 1024 * 1024
"""One answer to a topic."""
EXTENSION_HOST_CALLS_MAX = 16
"""Host calls of one extension that are answered at the same time."""
EXTENSION_COMMAND_MS = 2_000
"""How long an extension may compute for a command that a person runs, or a tool that an agent
calls; for most events it is `WASM_CALL_MS_MAX`. Waiting for the host is not counted."""
EXTENSION_STAGE_MS = 1_000
"""How long it may for a stage; less than `STAGE_S`, so that one that hangs is found at fault."""

EXTENSION_PATHS_MAX = 10_000
"""Paths of one list."""
EXTENSION_GIT_CHARS_MAX = 200_000
"""What git says in one answer."""
EXTENSION_PROPOSALS_OPEN_MAX = 3
"""Proposals of one extension that wait for a person."""
EXTENSION_LANDED_MAX = 256
"""Texts of files that are remembered because an extension's own proposal made them."""

EXTENSION_STORED_BYTES_MAX = 1024 * 1024
"""What one extension keeps for one person and workspace, keys and values together."""
EXTENSION_STORED_KEYS_MAX = 1_000
EXTENSION_KEY_CHARS_MAX = 200

EXTENSION_EMITTED_A_MINUTE_MAX = 120
"""Events that one extension tells others."""
EXTENSION_EMITTED_CHARS_MAX = 16_000
"""The payload of one of them."""
EXTENSION_MESSAGES_A_MINUTE_MAX = 3
"""Messages that one extension shows."""
EXTENSION_MESSAGE_CHARS_MAX = 500
EXTENSION_PANELS_A_MINUTE_MAX = 60
"""How often one extension changes its panels."""
EXTENSION_PANEL_CHARS_MAX = 1024 * 1024
"""The content of one panel."""

EXTENSION_LOG_CHARS_A_MINUTE_MAX = 64 * 1024
"""What one extension logs in a minute; what is beyond is counted and left out."""
EXTENSION_LOG_LINE_CHARS_MAX = 2_000
EXTENSION_LOG_LINES_KEPT_MAX = 200
"""Lines of its log that are at hand without reading the file."""
EXTENSION_LOG_BYTES_MAX = 256 * 1024
"""Its log's file; then it becomes the old one, and the old one goes."""

EXTENSION_FAULT_CHARS_MAX = 2_000
"""What is kept of one fault."""
EXTENSION_STRIKES_KEPT_MAX = 50
"""Faults of one extension that are kept."""
EXTENSION_HAPPENED_KEPT_MAX = 50
"""Things that happened to one extension that are kept."""
EXTENSION_DAYS_KEPT_MAX = 90
"""Days for which is kept how much an extension did."""

EXTENSION_FIGURES_BYTES_MAX = 8 * 1024 * 1024
"""What of the file of figures is read; the bounds below keep it smaller."""
EXTENSION_FIGURES_MAX = 5_000
"""Figures of all extensions, each name with each set of labels."""
EXTENSION_FIGURES_OF_ONE_MAX = 500
"""Figures of one extension; what comes after them is counted as `other`."""
EXTENSION_FIGURES_NAMES_MAX = 40
"""Different names of one extension's figures; more are left out."""
EXTENSION_FIGURES_AT_ONCE_MAX = 50
"""Figures that one event tells."""
EXTENSION_FIGURES_WAITING_MAX = 1_000
"""Figures that wait to be written; more are left out."""
EXTENSION_FIGURES_KEPT_DAYS = 30
"""A figure that nobody has changed for so long is forgotten."""
