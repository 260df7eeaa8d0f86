"""What is on VS Code's screen, for whoever reads a failure."""

from playwright.async_api import Page

_FOCUSED = "() => `${document.activeElement?.tagName} ${document.activeElement?.className}`"

_LOOKED_AT = (
    *(".notification-toast", ".monaco-dialog-box", ".quick-input-widget", ".action-widget"),
    *(".tab.active", ".tab", ".statusbar-item", ".bulk-edit-panel .monaco-list-row", ".view-line"),
)
"""What a failure tells of the screen."""


async def described(page: Page, what: str) -> str:
    """`what` went wrong, and what is on the screen."""
    seen = [f"{what}; on the screen:"]
    for place in _LOOKED_AT:
        texts = await page.locator(f"{place}:visible").all_inner_texts()
        seen.append(f"{place}: {texts}")
    seen.append(f"the keys go to {await page.evaluate(_FOCUSED)}")
    return "\n".join(seen)
