"""What a person is asked, and what they answered."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from steward.permissions.act import Act

POLICY = "policy"
"""The channel of answers that nobody gave: a policy did, or there was nobody to ask."""

Kind = Literal[
    "plan",
    "command",
    "edit",
    "commit",
    "pull_request",
    "trust",
    "instructions",
    "mcp",
    "extension",
]
"""What it is about; it decides what the yes is called, so that nobody says yes to another thing."""

Extra = Literal["reason", "for_run", "step_by_step", "edited_plan", "choice"]
"""What an answer may hold beside yes and no: why not; yes for the rest of the run; each step to be
asked about; no to this plan, with another one; yes to a part, and no to the rest."""

State = Literal["pending", "approved", "rejected", "expired", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Question:
    """Something that happens only if a person says so."""

    key: str
    """Names the place in the run that asks, so that a replayed run finds its own question."""
    kind: Kind
    title: str
    body: str
    """Markdown, whole: what is not shown is not approved."""
    operands: Mapping[str, object]
    """What would be done, exactly; JSON values."""
    run_id: str
    takes: frozenset[Extra] = frozenset()
    """What the answer may hold beside yes and no."""
    grant: str = ""
    """What a yes for the rest of the run would cover, in words; empty where there is none."""
    draft: Mapping[str, object] | None = None
    """Where an answer may hold another plan: the plan that is asked about, to begin with. Of an
    edit: `proposal`, its id; `hunks`, each with its `id`, `file`, `header` and `lines`; `marks`,
    each with its `file`, `line`, `kind` and `text`."""
    view: Mapping[str, object] | None = None
    """What the body says, as data, for editors that show it in a way of their own. No answer is
    bound to it: whoever shows it sees to it that exactly the body is made of it."""
    acts: tuple[Act, ...] = ()
    """The same as `operands`, in the words of rules; empty where no rule may speak for a person."""

    def digest(self) -> str:
        """What an answer is bound to: SHA-256 of all that was shown and all that would be done."""
        bound = {
            "kind": self.kind,
            "title": self.title,
            "body": self.body,
            "operands": self.operands,
            "run_id": self.run_id,
            "takes": sorted(self.takes),
            "grant": self.grant,
            "draft": self.draft,
        }
        canonical = json.dumps(bound, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person said beside yes or no. Empty where they said no more."""

    reason: str = ""
    """Why not, or why not the rest; of an edit, also what is said beside a yes. It goes to the
    model."""
    is_for_run: bool = False
    """Yes, and for the rest of the run to all that the question's `grant` covers."""
    is_step_by_step: bool = False
    """Yes to the plan, but each step is asked about."""
    plan: Mapping[str, object] | None = None
    """Of a rejected plan: the plan as the person wants it; they are asked about it in its turn."""
    kept: tuple[str, ...] | None = None
    """Of a proposal that is approved in part: the ids of the hunks that are; all others are
    rejected. `None` where nothing was chosen: then the answer is about the whole."""

    def extras(self) -> frozenset[Extra]:
        """Which of the extras it holds."""
        held: dict[Extra, bool] = {
            "reason": bool(self.reason),
            "for_run": self.is_for_run,
            "step_by_step": self.is_step_by_step,
            "edited_plan": self.plan is not None,
            "choice": self.kept is not None,
        }
        return frozenset(extra for extra, is_held in held.items() if is_held)

    def as_json(self) -> str:
        """The reply for keeping; empty where it says no more than yes or no."""
        held = {
            name: value for name, value in asdict(self).items() if value not in ("", False, None)
        }
        return json.dumps(held, ensure_ascii=True) if held else ""


def reply_from_json(text: str) -> Reply:
    """The inverse of `Reply.as_json`."""
    if not text:
        return NOTHING_MORE
    held: dict[str, Any] = json.loads(text)
    if "kept" in held:
        held["kept"] = tuple(held["kept"])
    return Reply(**held)


NOTHING_MORE = Reply()


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question that waits for its answer."""

    id: str
    run_id: str
    kind: Kind
    title: str
    body: str
    digest: str
    expires_at: datetime
    takes: frozenset[Extra] = frozenset()
    grant: str = ""
    draft: Mapping[str, object] | None = None
    view: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """How a question ended."""

    approval_id: str
    digest: str
    state: State
    answered_by: str
    reply: Reply = NOTHING_MORE

    @property
    def is_approval(self) -> bool:
        """Only this is a yes; silence, expiry and withdrawal are not, and neither is a part."""
        return self.state == "approved" and self.reply.kept is None

    @property
    def is_partial(self) -> bool:
        """A yes to some hunks, which approves nothing but the proposal that follows from them."""
        return self.state == "approved" and self.reply.kept is not None
