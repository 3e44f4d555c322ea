"""Figures of the running process, for Prometheus."""

from collections.abc import Iterator

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.api.security import MetricsCaller
from agent.conversations.conversations import Conversations
from agent.conversations.endings import Ending

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
router = APIRouter(tags=["operation"])


class Metrics:
    """Counts requests and runs of one process."""

    def __init__(self, conversations: Conversations) -> None:
        """Begin at zero, and be told of every run that ends."""
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "plumbline_requests",
            "Requests by route and status.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        Gauge("plumbline_runs_running", "Answers under way.", registry=self.registry).set_function(
            lambda: conversations.under_way
        )
        self.runs = Counter("plumbline_runs", "Runs by how they ended.", ("status",), registry=self.registry)
        self.seconds = Histogram(
            "plumbline_answer_seconds", "Time to an answer.", buckets=SECONDS, registry=self.registry
        )
        self.tokens = Counter(
            "plumbline_model_tokens", "Tokens of language models.", ("direction",), registry=self.registry
        )
        self.model_calls = Counter(
            "plumbline_model_calls", "Calls of language models.", registry=self.registry
        )
        self.degraded = Counter(
            "plumbline_degraded_answers", "Answers that lack something.", registry=self.registry
        )
        conversations.on_end(self.ended)

    def ended(self, run: Ending) -> None:
        """Take account of a run that ended."""
        self.runs.labels(run.status).inc()
        if run.answer is None:
            return
        answer = run.answer
        self.seconds.observe(answer.timings_ms.total / 1000)
        self.tokens.labels("input").inc(answer.usage.input_tokens)
        self.tokens.labels("output").inc(answer.usage.output_tokens)
        self.model_calls.inc(answer.usage.model_calls)
        self.degraded.inc(answer.degraded)

    def text(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(_Figures(self.registry))


class _Figures(Collector):
    """The figures of a registry, without the time at which each was made, which doubles them for nothing."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [one for one in metric.samples if not one.name.endswith("_created")]
            yield metric


class CountRequests:
    """Counts every response."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        """Wrap an application."""
        self._app = app
        self._requests = metrics.requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count when the response begins: a stream may last."""

        async def send_on(message: Message) -> None:
            if message["type"] == "http.response.start":
                method = scope["method"] if scope["method"] in METHODS else "other"
                self._requests.labels(method, _route(scope), message["status"]).inc()
            await send(message)

        await self._app(scope, receive, send_on if scope["type"] == "http" else send)


@router.get("/metrics", response_class=Response, responses={200: {"content": {CONTENT_TYPE_LATEST: {}}}})
async def metrics(request: Request, _: MetricsCaller) -> Response:
    """Figures of this process, as Prometheus reads them."""
    figures: Metrics = request.app.state.metrics
    return Response(figures.text(), media_type=CONTENT_TYPE_LATEST)


def _route(scope: Scope) -> str:
    """Return the route's template: a label must have few values."""
    return getattr(scope.get("route"), "path", "none")
