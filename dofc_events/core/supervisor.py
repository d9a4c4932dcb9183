"""Ends the site and its worker when the process that watches over them under `make run` has gone."""

import os
import signal

# How often to look for the supervisor, in seconds.
LOOK_EVERY = 1


def end_with_supervisor() -> None:
    """Send this process SIGTERM once the process named by SUPERVISOR has gone. Does nothing if none is named.

    An alarm looks for it, not a thread, because gunicorn's first process forks.
    """
    if not os.environ.get("SUPERVISOR"):
        return
    supervisor = int(os.environ["SUPERVISOR"])

    def look(*_: object) -> None:
        try:
            os.kill(supervisor, 0)
        except ProcessLookupError:
            signal.setitimer(signal.ITIMER_REAL, 0)
            os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, LOOK_EVERY, LOOK_EVERY)
