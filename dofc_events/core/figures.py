"""Counts and times what a process does, for monitoring.

Each gunicorn process writes its own file (`gunicorn.conf.py` says where); whichever process is asked adds them up.
"""

import os
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, Metric, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

# The library decides when it is loaded whether processes share their figures.
DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"

_here = CollectorRegistry()

REQUESTS = Counter("dofc_requests", "Requests that were answered.", ("method", "route", "status"), registry=_here)
REQUEST_SECONDS = Histogram(
    "dofc_request_seconds",
    "How long an answer took, once the request was there.",
    ("route",),
    buckets=(0.025, 0.1, 0.5, 2, 10),
    registry=_here,
)
STATEMENT_SECONDS = Histogram(
    "dofc_statement_seconds",
    "How long the site waited for the database's answer to a statement, locks included.",
    buckets=(0.001, 0.01, 0.1, 1, 5),
    registry=_here,
)


class _Known(Collector):
    """Metrics that were counted elsewhere."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = list(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def exposition(known: Iterable[Metric]) -> bytes:
    """All metrics, and those `known` from elsewhere, in Prometheus's text format."""
    registry = _here
    if DIRECTORY in os.environ:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    rest = CollectorRegistry()
    rest.register(_Known(known))
    return generate_latest(registry) + generate_latest(rest)
