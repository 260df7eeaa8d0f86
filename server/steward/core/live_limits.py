"""How much of what happens is kept for those who follow it, and what each of them may take."""

OUTBOX_ROWS_MAX = 20_000
"""Happenings that the database keeps; about so many, the newest."""
OUTBOX_PRUNED_EVERY = 256
"""After so many new ones the oldest are deleted."""
LIVE_KEPT_MAX = 4_000
"""Happenings that a server has at hand for whoever resumes; who missed more begins anew."""
LIVE_FRAME_EVENTS_MAX = 200
"""Happenings in one message."""
LIVE_EVERY_S = 0.05
"""At most one message in this time goes to a socket; so often SQLite is asked for news."""
LIVE_LOOK_S = 2.0
"""So often PostgreSQL is asked for news although it told of none."""
LIVE_SOCKETS_MAX = 1_200
"""Sockets of one server; they count apart from its other connections."""
LIVE_SOCKETS_A_USER_MAX = 32
"""Sockets of one person."""
LIVE_HEARD_BYTES_MAX = 1024
"""One message of a client, which is not even looked at."""
LIVE_HEARD_BETWEEN_PINGS_BYTES_MAX = 16 * 1024
"""All that a client says between two pings."""
LIVE_UNREAD_S = 10.0
"""How long a client may leave what it was sent unread."""
LIVE_PING_S = 20.0
"""The time between two pings; whoever answered none by the next has gone."""
LIVE_CLOSES_S = 1.0
"""How long a socket's last words may wait to be read."""
LIVE_RECENT_MAX = 200
"""Happenings in one answer to those without a socket."""
LIVE_CHECKED_S = 0.3
"""So often it is asked whether tokens and sessions still hold, while there is doubt."""
LIVE_DOUBT_S = 1.5
"""So long there is, once one of them or somebody's role was changed: elsewhere such things are
remembered for a second."""
LIVE_CHECKED_ANYWAY_S = 5.0
"""So often it is asked without a doubt: some end with time alone."""
