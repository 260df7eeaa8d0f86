"""The largest of everything that a package of an extension, or a registry of them, may bring.

Sizes in bytes unless the name says else.
"""

PACKAGE_BYTES_MAX = 32 * 1024 * 1024
"""One package: what `steward extension pack` writes."""
PACKAGE_FILES_MAX = 500
"""Files in it."""
PACKAGE_PATH_CHARS_MAX = 200
"""The path of one of them."""
PACKAGE_NAME_BYTES_MAX = 100
"""One name in such a path, encoded."""
PACKAGE_DEPTH_MAX = 10
"""Folders in each other, with the file."""
STATEMENT_BYTES_MAX = 256 * 1024
"""What a publisher signed: the list of a package's files."""
ROTATIONS_MAX = 16
"""Changes of a publisher's key that one package shows."""
SEQUENCE_MAX = 2**53 - 1
"""The number of a release, or of a registry's index; what every JSON reader keeps exact."""
MANIFEST_BYTES_MAX = 64 * 1024
"""`extension.yaml`."""
MANIFEST_DEPTH_MAX = 24
"""How deep it may nest; the schemas of tools stand in it."""
MANIFEST_VALUES_MAX = 10_000
"""Values in it."""
TOOL_SCHEMA_BYTES_MAX = 16 * 1024
"""One schema of a tool, or of an extension's settings, as JSON."""
TOOL_SCHEMA_DEPTH_MAX = 16
"""How deep such a schema may nest."""
CONFIG_BYTES_MAX = 64 * 1024
"""What a person set of one extension, as JSON."""
CONFIG_FIELDS_MAX = 100
"""Settings of one extension."""
EXTENSIONS_MAX = 200
"""Extensions that one person has installed."""
AUTHOR_KEY_BYTES_MAX = 64 * 1024
"""The file of an author's key, with the changes of it."""
INDEX_BYTES_MAX = 16 * 1024 * 1024
"""A registry's index."""
INDEX_PACKAGES_MAX = 20_000
"""Releases in it."""
INDEX_REVIEWS_MAX = 20_000
"""Reviews in it."""
INDEX_REVOKED_MAX = 2_000
"""Revoked keys in it."""
INDEX_LASTS_DAYS_MAX = 400
"""How long an index may say that it counts."""
REVIEW_CHARS_MAX = 2_000
"""What one review says."""
REGISTRIES_MAX = 20
"""Registries that one person looks into."""
REGISTRY_URL_CHARS_MAX = 500
REGISTRY_REDIRECTS_MAX = 3
"""How often a registry may send us elsewhere for one file."""
REGISTRY_CONNECT_S = 10.0
REGISTRY_WALL_S = 120.0
"""How long one download may take."""
SCAN_S = 30.0
"""How long a package may take to be checked; then it is refused."""
SEARCH_SHOWN_MAX = 50
"""Extensions that one search shows."""
