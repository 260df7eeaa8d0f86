"""Which files hold secrets, judged by name alone.

Both the ignore oracle (what a model may see) and the jail (what a command may read) ask here,
so neither can be given a shorter list than the other.
"""

import re
import unicodedata
from fnmatch import fnmatchcase, translate

_EXCEPTIONS = (
    ".env.example",
    ".env.sample",
    ".env.template",
    # The public list of certificate authorities that HTTP libraries ship.
    "cacert.pem",
)
_PATTERNS = (
    ".env",
    ".env.*",
    "*.env",
    ".envrc",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "*.ppk",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    ".netrc",
    "_netrc",
    ".npmrc",
    ".pypirc",
    ".pgpass",
    ".my.cnf",
    ".htpasswd",
    ".git-credentials",
    ".dockercfg",
    # Exact names: a module called credentials.py is code.
    "credentials",
    "credentials.json",
    "credentials.yml",
    "credentials.yaml",
    "client_secret*.json",
    "service-account*.json",
)
_ANY = re.compile("|".join(map(translate, _PATTERNS)))
"""All of them at once: a listing asks about thousands of names, and few are secret."""


def secret_rule(name: str) -> str | None:
    """The rule by which a file of this name (not path) holds secrets; None if it does not."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    if _ANY.match(plain) is None:
        return None
    if plain in _EXCEPTIONS or plain.endswith(".pub"):
        return None
    return next((rule for rule in _PATTERNS if fnmatchcase(plain, rule)), None)
