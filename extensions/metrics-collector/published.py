"""What is handed to Prometheus and OpenTelemetry: events `metric`, each with some counts."""

import json
from typing import Any

import steward

_AT_ONCE = 50
_WAITING_MAX = 500


class Published:
    """Counts on their way; where too much happens they wait and go together."""

    def __init__(self) -> None:
        self._waiting: dict[str, float] = {}

    def count(self, name: str, value: float = 1, **labels: str) -> None:
        """Add to a counter; without `name_agents_and_models` only the outcome is said of it."""
        if not steward.config("publish"):
            return
        if not steward.config("name_agents_and_models"):
            labels = {label: said for label, said in labels.items() if label == "outcome"}
        said = {label: (text or "none")[:80] for label, text in labels.items()}
        key = json.dumps([name, said], sort_keys=True)
        if key in self._waiting or len(self._waiting) < _WAITING_MAX:
            self._waiting[key] = self._waiting.get(key, 0.0) + value

    def send(self) -> None:
        """Hand over what waits; what is refused for now goes with the next."""
        while self._waiting:
            keys = list(self._waiting)[:_AT_ONCE]
            try:
                steward.emit("metric", [_metric(key, self._waiting[key]) for key in keys])
            except steward.Limit:
                return
            for key in keys:
                del self._waiting[key]


def _metric(key: str, value: float) -> dict[str, Any]:
    name, labels = json.loads(key)
    return {"name": name, "kind": "counter", "labels": labels, "value": float(value)}
