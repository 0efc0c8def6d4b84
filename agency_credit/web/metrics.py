"""`GET /metrics` for Prometheus: how the service fares, nothing about anybody.

Open only to whoever has the token of `AGENCY_CREDIT_METRICS_TOKEN`; without that setting there is no such
page. Where several workers run they add up, through files in a folder that `serve` makes for them.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Iterator
from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from agency_credit.domain.errors import ForbiddenError, NotFoundError
from agency_credit.services.gauges import Gauge, load_gauges
from agency_credit.services.office import Office

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the workers of one service keep their counters; the library reads it when it is imported."""

_OWN = CollectorRegistry(auto_describe=True)
REQUESTS = Counter(
    "agency_credit_requests",
    "Answers by method, route and status.",
    ("method", "route", "status"),
    registry=_OWN,
)
SECONDS = Histogram(
    "agency_credit_request_seconds",
    "Time to an answer, by route.",
    ("route",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=_OWN,
)
BLOCKED = Counter(
    "agency_credit_blocked_answers",
    "Public answers held back because they hold a personal number, by its kind.",
    ("kind",),
    registry=_OWN,
)


@get("/metrics")
async def read_metrics(request: Request[Any, Any, Any], office: NamedDependency[Office]) -> Response[bytes]:
    """Counters of all workers, and the state of the office now."""
    _check_token(request, office.settings.metrics_token)
    registry = CollectorRegistry()
    registry.register(_Gauges(await load_gauges(office)))
    answer = generate_latest(_counters()) + generate_latest(registry)
    # a header of its own: to a media type the framework adds a second charset, which Prometheus refuses
    return Response(answer, headers={"Content-Type": CONTENT_TYPE_LATEST})


def _check_token(request: Request[Any, Any, Any], token: str | None) -> None:
    if not token:
        raise NotFoundError("metrics.off", "there are no metrics; AGENCY_CREDIT_METRICS_TOKEN opens them")
    sent = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(sent.encode(), token.encode()):
        raise ForbiddenError("metrics.token", "send the token of the metrics as Authorization: Bearer …")


def _counters() -> CollectorRegistry:
    if not os.environ.get(SHARED_FOLDER):
        return _OWN
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


class _Gauges(Collector):
    def __init__(self, gauges: Iterable[Gauge]) -> None:
        self._gauges = tuple(gauges)

    def collect(self) -> Iterator[Metric]:
        """Each gauge as Prometheus wants it."""
        for gauge in self._gauges:
            family = GaugeMetricFamily(f"agency_credit_{gauge.name}", gauge.help, labels=gauge.labels)
            for values, number in gauge.values:
                family.add_metric(values, number)
            yield family
