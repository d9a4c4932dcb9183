"""Under `make run` one process watches over the site and its worker, which must not outlive it."""

import os
import signal

# In seconds.
LOOK_EVERY = 1


def end_with_supervisor() -> None:
    """Ask this process to end, as an operator would, once the one named by SUPERVISOR is gone. None is named elsewhere.

    It is looked at by an alarm rather than by a thread: gunicorn's first process forks.
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
