"""How much of the processor another process has used."""

import time

_SCHEDULED = 2
"""Linux counts by what the scheduler gave (`CPUCLOCK_SCHED`)."""


def processor_s(process_id: int) -> float:
    """Seconds, of all its threads together; nought where it has ended.

    Linux makes a clock's number from that of its process (`MAKE_PROCESS_CPUCLOCK`). Asking it is
    one system call, so that an event loop may do it, and needs no right to the process.
    """
    try:
        return time.clock_gettime((~process_id << 3) | _SCHEDULED)
    except OSError:
        return 0.0
