"""The largest of everything that an author's own tests of an extension may bring."""

RECORDED_BYTES_MAX = 4 * 1024 * 1024
"""One recorded test."""
RECORDED_DEPTH_MAX = 40
"""How deep it may nest."""
RECORDED_VALUES_MAX = 100_000
"""Values in it."""
TRIAL_START_S_MAX = 180.0
"""How long an extension may take until it is loaded; the first one waits for a runtime to be
compiled."""
TRIAL_EVENT_S_MAX = 60.0
"""How long an author's test waits for one event."""
