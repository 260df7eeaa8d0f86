"""Packages of extensions, joined: where they lie, which registries are asked, which keys sign."""

import secrets
from functools import partial

from steward.core.clock import Clock
from steward.core.database import Database
from steward.extensions.packages.http import RegistryHttp
from steward.extensions.packages.kept import Place
from steward.extensions.packages.keys import AuthorKeys
from steward.extensions.packages.registries import Registries
from steward.extensions.packages.shipped import shipped_places
from steward.extensions.packages.signing import SEED_BYTES
from steward.extensions.packages.store import PackageStore
from steward.permissions.seal import Seal
from steward.settings import Settings, author_keys_folder


def open_packages(settings: Settings, database: Database, clock: Clock, seal: Seal) -> PackageStore:
    """What people have installed in this data folder."""
    place = Place(settings.data_dir / "extensions", shipped_places())
    return PackageStore(database, clock, seal, place, settings.extensions)


def open_registries(database: Database, clock: Clock, seal: Seal) -> Registries:
    """The registries that they look into."""
    return Registries(database, clock, seal, RegistryHttp())


def author_keys() -> AuthorKeys:
    """The keys with which whoever sits here signs."""
    return AuthorKeys(author_keys_folder(), partial(secrets.token_bytes, SEED_BYTES))
