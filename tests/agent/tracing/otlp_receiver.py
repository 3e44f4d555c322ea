"""A small OpenTelemetry collector: takes spans over OTLP/HTTP and remembers them."""

import gzip
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

KINDS = {Span.SPAN_KIND_INTERNAL: "internal", Span.SPAN_KIND_CLIENT: "client"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A span as it arrived."""

    name: str
    kind: str
    trace: str
    id: str
    parent: str
    started: int
    ended: int
    attributes: Mapping[str, Any]
    failed: bool
    told: str
    events: tuple[tuple[str, Mapping[str, Any]], ...]
    links: tuple[tuple[str, str], ...]


@dataclass(slots=True, kw_only=True)
class Receiver:
    """What arrived, and how the collector behaves."""

    address: str = ""
    status: int = 200
    holding: threading.Event | None = None
    """While it is not set, nobody gets an answer."""
    paths: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    requests: list[ExportTraceServiceRequest] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> None:
        """Remember a request, as far as it is one."""
        plain = gzip.decompress(body) if headers.get("Content-Encoding") == "gzip" else body
        request = ExportTraceServiceRequest.FromString(plain)
        with self.arrived:
            self.paths.append(path)
            self.headers.append(headers)
            self.bodies.append(plain)
            self.requests.append(request)
            self.arrived.notify_all()

    def wait_for(self, count: int) -> None:
        """Wait until so many requests have arrived."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, timeout=30)

    @property
    def spans(self) -> list[Seen]:
        """Every span that arrived, in order."""
        return [
            _seen(span)
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def resources(self) -> list[Mapping[str, Any]]:
        """Who sent them, in order."""
        return [_plain(one.resource.attributes) for each in self.requests for one in each.resource_spans]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Listen on a free port of loopback."""
    seen = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.take(self.path, dict(self.headers.items()), body)
            if seen.holding is not None:
                seen.holding.wait(30)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(seen.status)
            if 300 <= seen.status < 400:
                self.send_header("Location", seen.address + "/elsewhere")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    seen.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield seen
    finally:
        if seen.holding is not None:
            seen.holding.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _seen(span: Span) -> Seen:
    return Seen(
        name=span.name,
        kind=KINDS[span.kind],
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        started=span.start_time_unix_nano,
        ended=span.end_time_unix_nano,
        attributes=_plain(span.attributes),
        failed=span.status.code == Status.STATUS_CODE_ERROR,
        told=span.status.message,
        events=tuple((event.name, _plain(event.attributes)) for event in span.events),
        links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
    )


def _plain(attributes: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a repeated field of protobuf
    found: list[KeyValue] = list(attributes)
    return {each.key: _value(each.value) for each in found}


def _value(value: AnyValue) -> object:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind) if kind else None
