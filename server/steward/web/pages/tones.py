"""Which colour a word has that says how something is."""

_TONES = {
    "good": (
        "done, finished, passed, completed, complete, succeeded, success, ok, healthy, "
        "active, approved, allowed, allow, enabled, granted, intact, landed, accepted, "
        "kept, on, ready, trusted, committed, valid, yes, up, closed, connected, "
        "answered, installed, good, spent, in force"
    ),
    "busy": (
        "running, waiting, open, pending, planned, planning, queued, started, under way, "
        "asked, new, reserved, building, testing, retrying"
    ),
    "warn": (
        "degraded, warning, paused, stopping, partial, partly, unverified, untrusted, "
        "half-open, half open, edited, slow, unknown, low, yellow, interrupted, limited, "
        "changed, soft"
    ),
    "bad": (
        "failed, failure, refused, denied, deny, rejected, unhealthy, broken, revoked, "
        "expired, error, killed, conflict, crashed, faulty, lost, down, high, red, "
        "critical, invalid, over budget, disabled for faults, quarantined, suspended, no"
    ),
}
_TONE = {word: tone for tone, words in _TONES.items() for word in words.split(", ")}


def tone_of(word: str) -> str:
    """`good`, `busy`, `warn` or `bad`; empty for a word that is none of these."""
    return _TONE.get(word.lower().replace("_", " "), "")
