"""Sizes that a definition of an agent may have; whoever reads one refuses more."""

FILE_BYTES_MAX = 64 * 1024
"""One definition."""
FILES_MAX = 100
"""Definitions in one folder; of more, none is taken."""
STORED_MAX = 500
"""Definitions that an organisation keeps in the database."""
FRONT_MATTER_CHARS_MAX = 16 * 1024
FRONT_MATTER_DEPTH_MAX = 6
"""Lists and tables in each other."""
FRONT_MATTER_VALUES_MAX = 1_000
PERSONA_CHARS_MAX = 12_000
PERSONA_TOKENS_MAX = 1_500
"""The rest of the 2,500 that the fixed part of a prompt may have is for our rules and the tools."""
FIXED_PROMPT_TOKENS_MAX = 2_500
TOOLS_MAX = 60
PROBLEMS_MAX = 50
"""Problems of one file that are told."""
ENABLED_SHOWN_MAX = 20
"""Agents of a folder that the question about its trust lists one by one."""
VERSIONS_MAX = 50
"""Changes of one definition that are told."""
