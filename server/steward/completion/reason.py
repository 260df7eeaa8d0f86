"""Why there is no suggestion."""

from dataclasses import dataclass
from typing import Literal

Because = Literal[
    "off",
    "no_model",
    "over_budget",
    "not_allowed",
    "ignored",
    "text_unknown",
    "provider_down",
    "rate_limited",
    "refused",
    "failed",
    "inside_code",
    "deleted",
    "undone",
    "several_cursors",
    "typed_on",
    "nothing_to_say",
]
"""What kept it away.

- `off`: it is switched off.
- `no_model`: no model can be asked, or nobody has said what it costs.
- `over_budget`: the account cannot cover a call.
- `not_allowed`: a policy or a hook objects.
- `ignored`: no model may see the file.
- `text_unknown`: nobody knows the document's text.
- `provider_down`, `rate_limited`, `refused`: what the provider did; it is left alone for a while.
- `failed`: the call failed in another way.
- `inside_code`: the cursor stands in the middle of code.
- `deleted`, `undone`: that was the last thing that was done.
- `several_cursors`: the same was done at several places at once.
- `typed_on`: the text was another one before the answer was there.
- `nothing_to_say`: the model had nothing that fits.
"""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the last request for a document was answered with nothing."""

    because: Because
    detail: str = ""
    """More of it in words, where there is more: a rule of an ignore file, a provider's error."""
