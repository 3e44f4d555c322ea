"""Spans on their way to a collector, by OpenTelemetry's own exporter over OTLP/HTTP.

The SDK reads two dozen variables of the environment. None of them counts here: spans are made without its
provider, sampler and limits, and requests go out through a session that sends what it is told and no more.
"""

import logging
import re
import threading
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import NoOpMeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.sdk.version import __version__ as sdk_version
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from agent.tracing.spans import Span
from tools.errors import ConfigurationError

SERVICE = "plumbline"
PATH = "/v1/traces"
SECONDS = 5.0
"""For one batch, retries included."""
_LOGGERS = ("opentelemetry.exporter.otlp.proto.http.trace_exporter", "urllib3.connectionpool")
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_KINDS = {"internal": SpanKind.INTERNAL, "client": SpanKind.CLIENT}


class Collector:
    """A collector that takes OTLP over HTTP."""

    def __init__(self, endpoint: str, *, headers: Mapping[str, str], version: str) -> None:
        """Take its address, with or without the path of spans, and headers such as its key.

        Raises:
            ConfigurationError: Either cannot be used.
        """
        self._resource = Resource(
            {
                "service.name": SERVICE,
                "service.version": version,
                "telemetry.sdk.language": "python",
                "telemetry.sdk.name": "opentelemetry",
                "telemetry.sdk.version": sdk_version,
            }
        )
        self._scope = InstrumentationScope("plumbline", version)
        self._session = _Session(_checked(headers))
        self._exporter = OTLPSpanExporter(
            endpoint=_address(endpoint),
            timeout=SECONDS,
            compression=Compression.Gzip,
            session=self._session,
            meter_provider=NoOpMeterProvider(),
        )
        self._session.verify, self._session.cert = True, None
        self._quiet = _Quiet()
        for name in _LOGGERS:
            logging.getLogger(name).addFilter(self._quiet)

    def send(self, spans: Sequence[Span]) -> str | None:
        """Send spans, and return why they did not arrive; None when they did."""
        self._quiet.thread = threading.get_ident()
        self._session.outcome = "it was not asked"
        result = self._exporter.export([self._written(span) for span in spans])
        arrived = result is SpanExportResult.SUCCESS and self._session.outcome.startswith("HTTP 2")
        return None if arrived else self._session.outcome

    def close(self) -> None:
        """Give up what is under way."""
        for name in _LOGGERS:
            logging.getLogger(name).removeFilter(self._quiet)
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the library's own

    def _written(self, span: Span) -> ReadableSpan:
        status = Status(StatusCode.ERROR, span.told or None) if span.error else Status(StatusCode.UNSET)
        return ReadableSpan(
            name=span.name,
            context=_context(span.trace, span.id),
            parent=_context(span.trace, span.parent) if span.parent else None,
            resource=self._resource,
            attributes=span.attributes,
            events=[Event(event.name, event.attributes, event.at) for event in span.events],
            links=[Link(_context(*span.continues))] if span.continues else [],
            kind=_KINDS[span.kind],
            status=status,
            start_time=span.started,
            end_time=span.ended,
            instrumentation_scope=self._scope,
        )


class _Session(requests.Session):
    """Sends the configured headers and no others; follows no redirect, takes no proxy, remembers the end."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__()
        self.trust_env = False
        self.outcome = ""
        self._own = {
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "gzip",
            "User-Agent": f"plumbline OTel-OTLP-Exporter-Python/{sdk_version}",
            **headers,
        }

    def request(self, *where: Any, **options: Any) -> requests.Response:  # noqa: ANN401 - the library's own
        """Send a request of the exporter, to whose headers the environment may have added."""
        options["headers"] = self._own
        try:
            response = super().request(*where, **options)
        except requests.RequestException as error:
            self.outcome = type(error).__name__
            raise
        self.outcome = f"HTTP {response.status_code}"
        return response


class _Quiet(logging.Filter):
    """Keeps back what is logged below of our own requests, because it repeats addresses."""

    thread: int | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        return record.thread != self.thread


def _address(endpoint: str) -> str:
    """Return where spans are sent to."""
    try:
        parts = urlsplit(endpoint)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(
            "tracing.otlp_endpoint is no address of a collector; write it as http://HOST:4318"
        )
    address = endpoint.rstrip("/")
    return address if address.endswith(PATH) else address + PATH


def _checked(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ConfigurationError(
                f"tracing.otlp_headers has a name or a value that HTTP does not allow, under {name[:40]!r}; "
                "correct it"
            )
    return headers


def _context(trace: str, span: str) -> SpanContext:
    return SpanContext(int(trace, 16), int(span, 16), is_remote=False, trace_flags=TraceFlags(1))
