"""A browser for the tests of the page and the widget, and a scripted server for each of them."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from anyio.from_thread import start_blocking_portal
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from starlette.types import ASGIApp, Receive, Scope, Send

from agent.api.app import create_app
from tests.agent.api.hosts import open_fake_host
from tests.agent.web.debugged import Debugged
from tests.agent.web.stage import HostPage, Stage, served, serving

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
MILLISECONDS = 10_000
"""Longest wait for anything on a page."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the machine's own browser; while it runs, no other event loop can run in this thread."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("there is no browser; get one with: apt-get install chromium")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield started
        started.close()


@dataclass
class Visit:
    """A visitor with a browser of their own, and everything the browser asked for or complained about."""

    context: BrowserContext
    own: set[str]
    """Origins that may be asked."""
    foreign: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def page(self) -> Page:
        """Open a tab."""
        page = self.context.new_page()
        page.set_default_timeout(MILLISECONDS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog {dialog.message}"))
        page.on("console", self._hear)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if "Policy" in message.text:
            self.complaints.append(message.text)

    def note(self, request: Request) -> None:
        """Note a request that leaves our servers."""
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and f"{parts.scheme}://{parts.netloc}" not in self.own:
            self.foreign.append(request.url)


class Theatre:
    """A server that outlives the tests: it passes on to what the present test has set up."""

    def __init__(self) -> None:
        self.playing: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        assert self.playing is not None
        await self.playing(scope, receive, send)


@pytest.fixture(scope="session")
def theatre() -> Iterator[tuple[Theatre, str]]:
    """Serve our own origin."""
    theatre = Theatre()
    with serving(theatre) as address:
        yield theatre, address


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[tuple[Theatre, str]]:
    """Serve another origin."""
    theatre = Theatre()
    with serving(theatre) as address:
        yield theatre, address


@pytest.fixture
def host_address(elsewhere: tuple[Theatre, str]) -> str:
    """Return the other origin."""
    return elsewhere[1]


@pytest.fixture
def host(elsewhere: tuple[Theatre, str]) -> HostPage:
    """Return a page of another origin, as a site may have it."""
    elsewhere[0].playing = page = HostPage()
    return page


@pytest.fixture
def address(theatre: tuple[Theatre, str]) -> str:
    """Return the address of the scripted server."""
    return theatre[1]


@pytest.fixture(autouse=True)
def stage(theatre: tuple[Theatre, str], host_address: str) -> Iterator[Stage]:
    """Return a script that is still empty, of a server that knows the other origin."""
    stage = Stage([host_address])
    theatre[0].playing = stage.app
    yield stage
    stage.end()


@pytest.fixture
def visit(browser: Browser, address: str, host_address: str) -> Iterator[Visit]:
    """Open a browser of one's own; nothing foreign may be asked for, and nothing may go wrong in the page."""
    context = browser.new_context(viewport={"width": 1100, "height": 800}, reduced_motion="reduce")
    visit = Visit(context, {address, host_address})
    context.on("request", visit.note)
    yield visit
    context.close()
    assert (visit.foreign, visit.complaints) == ([], [])


@pytest.fixture
def page(visit: Visit, address: str) -> Page:
    """Open the chat page."""
    page = visit.page()
    page.goto(address)
    return page


@pytest.fixture
def recorded(theatre: tuple[Theatre, str], stage: Stage) -> Iterator[Debugged]:
    """Put a scripted API of traces in front of the stage."""
    theatre[0].playing = recorded = Debugged(behind=stage.app)
    yield recorded
    theatre[0].playing = stage.app


@pytest.fixture
def debugger(recorded: Debugged, visit: Visit, address: str) -> Page:
    """Open a tab on the debugger, of nothing yet."""
    page = visit.page()
    page.set_viewport_size({"width": 1280, "height": 860})
    return page


@pytest.fixture
def whole(tmp_path: Path, visit: Visit) -> Iterator[str]:
    """Serve an installation."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_fake_host(tmp_path)) as host,
        served(create_app(host), portal) as address,
    ):
        visit.own.add(address)
        yield address


def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with a page as it is now."""
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    return [
        f"{one['id']}: {node['target']} {node.get('failureSummary', '')}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
