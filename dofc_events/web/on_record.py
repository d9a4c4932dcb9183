"""What happened without changing anything, in the log: refusals, wrong links, files that were handed out.

A GET cannot write to the trail. Lines name accounts by their numbers, and hold no address and no link.
"""

import time
from collections import Counter
from typing import Any

import structlog
from flask import has_request_context, request
from flask_login import current_user

# Of each event, in each process. What is beyond is counted, and said with the first line of a later minute.
MAX_A_MINUTE = 60

log = structlog.get_logger()

_minute = 0
_said: Counter[str] = Counter()


def say(event: str, **details: Any) -> None:
    """One line about this request, unless there were MAX_A_MINUTE of the same event already."""
    global _minute
    minute = int(time.monotonic() // 60)
    if minute != _minute:
        left_out = {name: count - MAX_A_MINUTE for name, count in _said.items() if count > MAX_A_MINUTE}
        _minute = minute
        _said.clear()
        if left_out:
            log.warning("lines_left_out", **left_out)
    _said[event] += 1
    if _said[event] > MAX_A_MINUTE:
        return
    if has_request_context():
        details |= {"endpoint": request.endpoint, "method": request.method}
        if current_user.is_authenticated:
            details["account"] = current_user.id
    log.warning(event, **details)
