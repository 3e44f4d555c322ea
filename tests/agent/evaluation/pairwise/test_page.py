"""The blind page, in a real browser."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from agent.evaluation.pairwise.page import page_of
from agent.evaluation.pairwise.pairing import Pairing
from agent.evaluation.pairwise.votes import read_votes
from tests.agent.evaluation.pairwise.runs import pairing
from tests.agent.web.conftest import BROWSERS, violations

HOSTILE = (
    "</script><script>document.title='taken'</script><img src=http://x.invalid/a onerror=alert(1)> {{data}}"
)
PAIRS = {
    **{str(number): (f"first run {number}", f"second run {number}") for number in range(8)},
    "hostile": (HOSTILE, "good"),
}
GIVEN = pairing(PAIRS, history=["And before?"], answer="Seven days.")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """Start the machine's own browser."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("there is no browser; get one with: apt-get install chromium")
    with sync_playwright() as playwright:
        folder = tmp_path_factory.mktemp("profile")
        context = playwright.chromium.launch_persistent_context(
            folder, executable_path=found, args=["--no-sandbox"], accept_downloads=True
        )
        yield context
        context.close()


def opened(context: BrowserContext, folder: Path, given: Pairing = GIVEN) -> tuple[Page, list[str]]:
    """Open the page as a file; what it asks for or complains about is noted."""
    file, heard = folder / "page.html", list[str]()
    file.write_text(page_of(given), encoding="utf-8")
    page = context.new_page()
    page.set_default_timeout(10_000)
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("console", lambda message: heard.append(message.text))
    page.on("request", lambda request: heard.append(request.url))
    page.goto(file.as_uri())
    assert heard.pop(0) == file.as_uri()
    return page, heard


def test_a_person_votes_with_the_keyboard_and_the_votes_come_back(
    context: BrowserContext, tmp_path: Path
) -> None:
    """Each vote is credited to the run whose answer stood there, whatever side that was."""
    page, heard = opened(context, tmp_path)
    for number in range(7):
        assert page.inner_text("#question") == f"What is {number}?"
        left = page.inner_text("#left").startswith("first run")
        page.keyboard.press("0" if number == 0 else "1" if left else "2")
    page.keyboard.press("ArrowLeft")
    assert page.locator("[aria-pressed=true]").count() == 1
    page.reload()
    assert page.inner_text("#progress") == "8 of 9 · 7 voted"
    with page.expect_download() as saved:
        page.click("#save")
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    found = read_votes(file, GIVEN)
    assert found.problems == ()
    assert {one.case: one.result for one in found.said} == {
        "0": "tie",
        **{str(number): "first" for number in range(1, 7)},
    }
    assert [url for url in heard if not url.startswith(("file:", "blob:"))] == []
    page.close()


def test_an_answer_stays_text_and_the_page_asks_nothing_of_anybody(
    context: BrowserContext, tmp_path: Path
) -> None:
    """Markup of an answer is shown as it was written."""
    page, heard = opened(context, tmp_path, pairing({"hostile": PAIRS["hostile"]}))
    assert {page.inner_text("#left"), page.inner_text("#right")} == {HOSTILE, "good"}
    assert page.title() == "Which answer is better?"
    assert page.locator("img").count() == 0
    assert heard == []
    page.close()


def test_the_page_is_accessible_with_and_without_pairs(context: BrowserContext, tmp_path: Path) -> None:
    """No violation of axe's rules; nothing to vote on is said in words."""
    page, _ = opened(context, tmp_path)
    assert violations(page) == []
    page.close()
    page, heard = opened(context, tmp_path, pairing({"a": ("x", "x")}))
    assert page.inner_text("#progress") == "All answers are the same."
    page.keyboard.press("1")
    assert page.locator("#voting").is_hidden()
    assert heard == []
    page.close()


def test_neither_run_is_named_and_sides_do_not_tell() -> None:
    """Each run stands on the left for some cases; the policy allows nothing but the page's own text."""
    text = page_of(GIVEN)
    assert not re.search(r"plain|candidate", text)
    lefts = re.findall(r'"left": "(first|second) run', text)
    assert set(lefts) == {"first", "second"}
    assert re.search(r"default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';", text)
