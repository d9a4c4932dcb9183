"""How much one client may send within a day, whatever of it is kept."""

import time

from limits import RateLimitItemPerDay

from dofc_events.core.errors import Refusal
from dofc_events.extensions import client_network, limiter, settings


class TooManyUploads(Refusal):
    """This client has sent as much as it may: it can send more after `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


def refuse_flood_of_uploads(size: int) -> None:
    """Count this many bytes against the client's network. Raises TooManyUploads."""
    if not limiter.enabled:
        return
    most = RateLimitItemPerDay(max(1, settings().uploads_mb_per_client * 1024))
    kilobytes, network = -(-size // 1024), client_network()
    if not limiter.limiter.hit(most, "uploads", network, cost=kilobytes):
        resets_at = limiter.limiter.get_window_stats(most, "uploads", network).reset_time
        raise TooManyUploads(max(1, int(resets_at - time.time())))
