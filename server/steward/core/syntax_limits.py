"""The largest of everything that a text may bring to the grammars that read it."""

TEXT_CHARS_MAX = 512 * 1024
"""A text that a grammar reads; a longer one has no symbols."""
UNCLOSED_MAX = 200
"""How many more brackets of one kind a text may open than close before no grammar reads it."""
YAML_COLUMNS_MAX = 100
"""Columns before the first word of a line of YAML; its parser's memory holds 250 levels."""
MATCHES_MAX = 4_096
"""Matches of a query that are under way at a time."""
DEFINITIONS_MAX = 5_000
"""Definitions that are taken from one text."""
IMPORTS_MAX = 1_000
"""Imports that are taken from one text."""
NAMES_MAX = 10_000
"""Different names that are counted in one text, the most frequent first."""
SIGNATURE_CHARS_MAX = 240
"""How a definition is declared, in one line."""
STEPS_MAX = 12_000
"""Pieces of work that a parser may do for one text; half a megabyte of code takes 9,000."""
