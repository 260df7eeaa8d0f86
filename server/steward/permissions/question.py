"""What a person is asked, and what they answered."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["plan", "command", "edit", "commit"]

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

    def digest(self) -> str:
        """What an answer is bound to: SHA-256 of all that was shown and all that would be done."""
        bound = {
            "kind": self.kind,
            "title": self.title,
            "body": self.body,
            "operands": self.operands,
            "run_id": self.run_id,
        }
        canonical = json.dumps(bound, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()


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


@dataclass(frozen=True, slots=True)
class Answer:
    """How a question ended."""

    approval_id: str
    digest: str
    state: State
    answered_by: str

    @property
    def is_approval(self) -> bool:
        """Only this is a yes; silence, expiry and withdrawal are not."""
        return self.state == "approved"
