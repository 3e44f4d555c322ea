"""What page and widget are made of: how it is served, and how much it is."""

import gzip
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, Request, expect

from tests.agent.web.asking import ANSWER, QUESTION, ask
from tests.agent.web.conftest import Visit
from tests.agent.web.stage import NAME, HostPage, Stage

MOST_OF_THE_PAGE = 150_000
MOST_OF_THE_WIDGET = 30_000
WEB = Path(__file__).parents[3] / "agent" / "web"
ADDRESS = re.compile(r"""(?:https?:)?//[a-z0-9.-]+\.[a-z]+|\burl\(|@import""")


@pytest.fixture
def client(address: str) -> Iterator[httpx2.Client]:
    """Open a client of the server."""
    with httpx2.Client(base_url=address) as opened:
        yield opened


def test_the_page_allows_itself_nothing_but_its_own_files(client: httpx2.Client) -> None:
    """No inline script or style, no text that becomes script, no frame around it."""
    page = client.get("/")
    policy = dict(rule.split(" ", 1) for rule in page.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
        "img-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f'<h1 id="name">{NAME}</h1>' in page.text


def test_a_name_is_text_on_every_page(stage: Stage, client: httpx2.Client) -> None:
    """Whatever it consists of, a field of the page among it."""
    stage.rename('<b>{static}</b> & "co"')
    for path in ("/", "/demo"):
        assert "&lt;b&gt;{static}&lt;/b&gt; &amp; &quot;co&quot;" in client.get(path).text


def test_files_are_kept_for_ever_under_the_address_of_their_version(client: httpx2.Client) -> None:
    """And asked for again under any other; pages always are."""
    script = client.get("/widget.js")
    path = re.search(r'"\./(static/[0-9a-f]+/widget\.js)"', script.text)
    assert path is not None
    lasting = client.get(f"/{path[1]}", headers={"Origin": "https://shop.example"})
    assert lasting.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert lasting.headers["access-control-allow-origin"] == "*"
    assert lasting.headers["content-type"] == "text/javascript; charset=utf-8"
    for passing in (client.get("/"), script, client.get("/static/0123/widget.js")):
        assert (passing.status_code, passing.headers["cache-control"]) == (200, "no-cache")
    known = client.get("/", headers={"If-None-Match": client.get("/").headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


def test_files_are_sent_compressed_to_those_who_take_it(client: httpx2.Client) -> None:
    """Both are the same file."""
    plain = client.get("/static/0/chat.css", headers={"Accept-Encoding": "identity"})
    packed = client.get("/static/0/chat.css", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["vary"]
    assert plain.text == packed.text == (WEB / "chat.css").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["page.html", "nothing.js", "..%2f..%2f__init__.py", "%2e%2e"])
def test_only_the_files_of_the_folder_are_served(client: httpx2.Client, name: str) -> None:
    """And pages only filled in."""
    assert client.get(f"/static/0/{name}").status_code == 404


def test_no_file_names_another_server() -> None:
    """Nor loads anything from within a style."""
    named = {
        (path.name, found)
        for path in WEB.iterdir()
        for found in ADDRESS.findall(path.read_text(encoding="utf-8"))
    }
    assert named <= {("dom.js", "http://www.w3.org"), ("icon.svg", "http://www.w3.org")}


def test_no_file_has_a_way_for_text_to_become_elements_or_script() -> None:
    """Neither page nor widget needs a Trusted Types policy."""
    ways = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc|eval\(|Function\(|setHTML"
    )
    assert {
        path.name: found for path in WEB.glob("*.js") if (found := ways.findall(path.read_text("utf-8")))
    } == {}


def test_the_first_load_of_the_page_is_small(visit: Visit, address: str) -> None:
    """Everything that is fetched, as it is before it is compressed."""
    page = visit.page()
    fetched = fetching(page)
    page.goto(address, wait_until="networkidle")
    bodies = {one.url: response.body() for one in fetched if (response := one.response())}
    assert any(url.endswith("/page.js") for url in bodies)
    assert sum(map(len, bodies.values())) <= MOST_OF_THE_PAGE


def test_the_whole_widget_is_small(
    stage: Stage, visit: Visit, host: HostPage, address: str, host_address: str
) -> None:
    """Everything that it ever loads, compressed."""
    stage.scripts[QUESTION] = [ANSWER]
    host.embed(address, "data-open")
    page = visit.page()
    fetched = fetching(page)
    page.goto(host_address)
    expect(ask(page).locator(".answer")).to_be_visible()
    files = [one for one in fetched if one.url.startswith(address) and "/api/" not in one.url]
    bodies = {one.url: gzip.compress(response.body()) for one in files if (response := one.response())}
    assert any(url.endswith("/widget.css") for url in bodies)
    assert sum(map(len, bodies.values())) <= MOST_OF_THE_WIDGET


def fetching(page: Page) -> list[Request]:
    """Return a list that everything is added to that the page fetches."""
    fetched: list[Request] = []
    page.on("requestfinished", lambda request: fetched.append(request))
    return fetched


def test_everything_is_in_the_wheel(tmp_path: Path) -> None:
    """As it is built from this folder."""
    hatchling = pytest.importorskip("hatchling.builders.wheel", reason="hatchling is not installed")
    built = next(
        hatchling.WheelBuilder(str(WEB.parents[1])).build(directory=str(tmp_path), versions=["standard"])
    )
    with zipfile.ZipFile(built) as wheel:
        packed = {
            name.removeprefix("agent/web/") for name in wheel.namelist() if name.startswith("agent/web/")
        }
    assert packed == {path.name for path in WEB.iterdir()}
