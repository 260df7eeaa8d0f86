"""The largest of everything that comes from outside. Sizes in bytes unless the name says else."""

EVENTS_QUEUED_MAX = 256
"""Events a watcher may fall behind before it loses the oldest."""

HEADER_BYTES_MAX = 8 * 1024
"""One message's headers (LSP 3.18, base protocol)."""
MESSAGE_BYTES_MAX = 64 * 1024 * 1024
"""One message's body."""

FILE_BYTES_MAX = 2 * 1024 * 1024
"""A file that a model may be shown or may edit."""
FILES_LISTED_MAX = 20_000
"""Files one search looks at."""
TOOL_OUTPUT_CHARS_MAX = 24_000
"""What one tool call may put before a model."""
SHOWN_LINES_MAX = 400
"""Lines of a question that fit into a message box; a longer one is opened as a document."""

COMMAND_WALL_S_MAX = 120.0
"""How long a jailed command may take."""
COMMAND_OUTPUT_BYTES_MAX = 1024 * 1024
"""What a jailed command may print before it is ended."""

REQUEST_BYTES_MAX = 4 * 1024 * 1024
"""One request to a model."""
ANSWER_CHARS_MAX = 1_000_000
"""One answer of a model."""
PROVIDER_CONNECT_S = 10.0
PROVIDER_IDLE_S = 60.0
"""The longest silence in a stream."""
PROVIDER_WALL_S = 600.0
"""The longest request; a reservation outlives it."""
