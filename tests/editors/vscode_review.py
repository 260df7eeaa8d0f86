"""A review in VS Code's diff: the links above its hunks, and how it stands."""

from playwright.async_api import Locator

from tests.editors.vscode import Window


def lens(window: Window, title: str) -> Locator:
    """A link above a hunk, the first with this title."""
    return window.page.locator(".codelens-decoration a", has_text=title).first


def summary(window: Window) -> Locator:
    """How the review stands, on the status bar."""
    return window.page.locator("[id='steward.steward.steward.review']")
