"""A scripted API of traces in front of the stage: the pages are the real ones, and so is the HTTP."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.agent.web.debugging import (
    OTHER,
    RUN,
    Json,
    comparison_of,
    given_step,
    origin_of,
    summary_of,
    trace_of,
)

FILTERS = ("status", "route", "kind", "thumb", "parent", "thread_id")
EQUAL: Json = {"equal": True, "steps": 10, "first_divergence": None, "network_calls": 0, "milliseconds": 14.2}


@dataclass(slots=True, kw_only=True)
class Debugged:
    """What is recorded, and what the browser asked for; everything else goes on to the stage."""

    behind: ASGIApp
    summaries: list[Json] = field(default_factory=lambda: [summary_of()])
    traces: dict[str, Json] = field(default_factory=lambda: {RUN: trace_of()})
    steps: dict[int, Json] = field(default_factory=dict)
    """Given in place of what belongs to the step."""
    comparison: Json | None = None
    replay: Json = field(default_factory=lambda: dict(EQUAL))
    everybody: bool = True
    refusals: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    """Status and message by method and the last piece of the address."""
    requests: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request about traces, and pass on every other."""
        if scope["type"] != "http" or not scope["path"].startswith("/api/traces"):
            await self.behind(scope, receive, send)
            return
        request = Request(scope, receive)
        body = await request.body()
        self.requests.append((request.method, request.url.path, dict(request.query_params), body))
        response = self._answer(request.method, request.url.path.split("/")[3:], request)
        await response(scope, receive, send)

    def sent(self, method: str, ending: str) -> list[bytes]:
        """Return the bodies of the requests of one kind so far."""
        return [body for sent, path, _, body in self.requests if sent == method and path.endswith(ending)]

    def _answer(self, method: str, path: list[str], request: Request) -> Response:
        refused = self.refusals.get((method, path[-1] if path else ""))
        if refused is not None:
            return _problem(*refused)
        match method, path:
            case "GET", []:
                return self._list(request)
            case "POST", ["import"]:
                self.traces[OTHER] = trace_of(OTHER, summary={"imported": True})
                return JSONResponse(self.traces[OTHER]["summary"], 201)
            case _, [run, *rest] if run in self.traces:
                return self._of(method, run, rest, request)
            case _:
                return _problem(404, "there is no such run")

    def _list(self, request: Request) -> Response:
        wanted = request.query_params
        if wanted.get("everybody") == "true" and not self.everybody:
            return _problem(403, "everybody's runs need the scope admin")
        found = [one for one in self.summaries if _fits(one, wanted)]
        start, limit = int(wanted.get("cursor", "0")), int(wanted["limit"])
        after = str(start + limit) if start + limit < len(found) else None
        return JSONResponse(
            {
                "traces": found[start : start + limit],
                "next": after,
                "routes": ["guides", "policies", "database"],
            }
        )

    def _of(self, method: str, run: str, rest: list[str], request: Request) -> Response:
        if method == "GET":
            return self._read(self.traces[run], rest, request)
        match rest:
            case ["replay"]:
                return JSONResponse(self.replay)
            case ["keep"]:
                return JSONResponse({"case": {"id": "kettle", "question": "?"}, "file": "cases.jsonl"})
            case ["fork"]:
                child = {"kind": "fork", "parent": run, "duration_ms": 900.0, "cost_usd": 0.001}
                self.traces[OTHER] = trace_of(OTHER, summary=child, parent=origin_of(run))
                return JSONResponse(self.traces[OTHER]["summary"], 201)
            case _:
                self.summaries = [one for one in self.summaries if one["run_id"] != run]
                del self.traces[run]
                return Response(status_code=204)

    def _read(self, trace: Json, rest: list[str], request: Request) -> Response:
        match rest:
            case ["steps", number]:
                return JSONResponse(self.steps.get(int(number)) or given_step(trace, int(number)))
            case ["diff", other]:
                a, b = trace["summary"], self.traces[other]["summary"]
                return JSONResponse(self.comparison or comparison_of(a, b))
            case ["export"]:
                return JSONResponse({"scrub": request.query_params["scrub"]})
            case _:
                return JSONResponse(trace)


def _fits(summary: Json, wanted: Mapping[str, str]) -> bool:
    return all(
        (
            wanted.get("text", "").lower() in summary["question"].lower(),
            all(name not in wanted or summary[name] == wanted[name] for name in FILTERS),
            "degraded" not in wanted or summary["degraded"],
            summary["duration_ms"] > float(wanted.get("slower_than_ms", -1)),
            (summary["faithfulness"] or 0) < float(wanted.get("faithfulness_below", 2)),
        )
    )


def _problem(status: int, message: str) -> Response:
    return JSONResponse({"error": {"message": message, "type": "x", "id": "0"}}, status)


def go(page: Page, address: str, place: str = "") -> None:
    """Open an address of the debugger."""
    page.goto(f"{address}/debug{place}")


def pane(page: Page) -> Locator:
    """Return what shows the chosen step."""
    return page.get_by_role("region", name="Step", exact=True)


def rows(page: Page) -> Locator:
    """Return the lines of the list of runs."""
    return page.get_by_role("list", name="Runs").get_by_role("link")
