"""Hostile documents and model outputs in the browser: no script runs, and no request leaves."""

import json
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from agent.answer import Answer, ChartHint, RowsQuote
from tests.agent.web.asking import ask
from tests.agent.web.conftest import Visit
from tests.agent.web.stage import Cue, HostPage, Run, Stage, Tell, answer_of, passage

CORPUS: Sequence[dict[str, str]] = [
    json.loads(line)
    for line in (Path(__file__).parent / "hostile.jsonl").read_text(encoding="utf-8").splitlines()
]
WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => refused.push(event.blockedURI));
"""
STRANGE = """() => {
  const roots = [document, document.querySelector("plumbline-widget")?.shadowRoot].filter(Boolean);
  const known = new Set((
    "article h3 h4 div p span button svg path text rect circle polyline ol ul li strong em s code pre " +
    "blockquote table thead tbody tr th td br hr mark figure figcaption a details summary").split(" "));
  const attributes = new Set((
    "class part id type tabindex role hidden title href target rel referrerpolicy scope d viewBox x y " +
    "width height rx cx cy r points text-anchor disabled").split(" "));
  return roots.flatMap((root) => [...root.querySelectorAll(".turns *")]).flatMap((one) => [
    ...(known.has(one.localName) ? [] : [one.localName]),
    ...[...one.attributes].filter(({ name, value }) =>
      !(attributes.has(name) || name.startsWith("aria-")) ||
      (name === "href" && !(one.localName === "a" && value.startsWith("https://docs.example/")))
    ).map(({ name, value }) => `${one.localName} ${name}=${value}`),
  ]);
}"""
"""Finds elements and attributes in what was answered that our own code does not make."""


OPEN = """() => {
  const root = document.querySelector("plumbline-widget")?.shadowRoot ?? document;
  for (const one of root.querySelectorAll(".step-head, .source-head, summary")) one.click();
}"""


def poisoned(text: str) -> Answer:
    """Return an answer that has the text wherever text of documents, rows and models can stand."""
    address = f"javascript:{text}"
    quoted = passage(
        quote=text,
        before=text,
        after=text,
        title=text,
        section=text,
        source=text,
        knowledge_base=text[:80],
        url=address,
    )
    rows = RowsQuote(
        id=2,
        statement=text,
        columns=[text, "figure"],
        rows=[[text, 1.5], [f"{text} 2", 2]],
        cells=[(0, text)],
        chart=ChartHint(kind="bar", label=text, value="figure"),
    )
    written = f"{text} [1] and [2]\n\n{text}"
    return answer_of(written, [quoted, rows], notes=[text], choices=[text], degraded=True, status="clarify")


def unsanitised(text: str) -> str:
    """Return HTML as it may never leave the server."""
    return f"<p>{text}</p>{text}"


def script_of(text: str) -> Sequence[Cue | Answer]:
    """Play a run that has the text in every event, once past the server's wall, and that fails with it."""
    raw = {**poisoned(text).model_dump(), "thread_id": "t", "run_id": "r", "html": unsanitised(text)}
    return [
        Tell("node_started", {"node": text}),
        Tell("query", {"text": text, "knowledge_bases": [text], "database": False}),
        Tell("rows", {"statement": text, "columns": [text], "rows": [[text]], "count": 1}),
        Tell("token", {"text": text, "restart": False}),
        Tell("citation", passage(quote=text).model_dump()),
        Tell("clarification", {"question": text, "choices": [text]}),
        Tell("answer", raw),
        poisoned(text),
        Tell("error", {"message": text}),
    ]


def harm(page: Page) -> list[object]:
    """Open everything there is, and return what became of it that should not."""
    page.evaluate(OPEN)
    found: list[object] = page.evaluate(STRANGE)
    return [*found, *page.evaluate("[...window.refused, ...(window.ran ? ['script'] : [])]")]


def test_the_corpus_holds_sixty_texts_of_different_kinds() -> None:
    """None twice."""
    assert len({one["text"] for one in CORPUS}) == len(CORPUS) >= 60


def test_nothing_hostile_runs_or_leaves_on_the_page(stage: Stage, visit: Visit, address: str) -> None:
    """In answers, quotations, titles, sections, sources, rows, notes, choices, steps, drafts and errors."""
    page = visit.page()
    page.add_init_script(WATCH)
    page.goto(address)
    for one in CORPUS:
        stage.scripts[one["text"].strip()] = script_of(one["text"])
        stage.threads.clear()
        page.get_by_role("button", name="New conversation").click()
        turn = ask(page, one["text"])
        expect(turn.locator(".failed")).to_be_attached()
        expect(turn.locator(".answer")).to_have_count(2)
        assert harm(page) == [], one["name"]


def test_nothing_hostile_runs_or_leaves_in_the_widget(
    stage: Stage, visit: Visit, host: HostPage, address: str, host_address: str
) -> None:
    """On a page without any policy, where only our own walls stand; as a conversation held before."""
    thread = "f" * 32
    stage.threads[thread] = [
        Run(id=f"{number:032}", thread=thread, question=one["text"], answer=poisoned(one["text"]), html=html)
        for number, one in enumerate(CORPUS)
        for html in (None, unsanitised(one["text"]))
    ]
    host.embed(address, strict=False)
    page = visit.page()
    page.add_init_script(WATCH)
    page.add_init_script(f"localStorage.setItem('plumbline:shop', '{json.dumps({'thread': thread})}')")
    page.goto(host_address)
    page.get_by_role("button", name="Ask a question").click()
    expect(page.locator(".answer")).to_have_count(2 * len(CORPUS))
    assert harm(page) == []
    expect(page.locator("figure")).to_have_count(2 * len(CORPUS))


def test_an_address_of_a_document_is_linked_to_only_when_it_is_a_web_page(stage: Stage, page: Page) -> None:
    """Whatever a document's metadata say."""
    addresses = [
        "https://docs.example/a",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "x",
        None,
    ]
    quoted = [passage(number, url=address) for number, address in enumerate(addresses, start=1)]
    stage.scripts["Where?"] = [answer_of("Here.", quoted)]
    turn = ask(page, "Where?")
    expect(turn.locator(".source-head")).to_have_count(len(addresses))
    for source in turn.locator(".source-head").all():
        source.click()
    expect(turn.locator("figcaption")).to_have_count(len(addresses))
    assert [link.get_attribute("href") for link in turn.get_by_role("link").all()] == [
        "https://docs.example/a"
    ]


def test_the_watch_sees_scripts_and_requests(browser: Browser) -> None:
    """On a page that takes the texts for HTML."""
    context = browser.new_context()
    visit = Visit(context, set())
    context.on("request", lambda request: visit.note(request))
    context.route("https://evil.example/**", lambda route: route.abort())
    page = visit.page()
    for one in CORPUS:
        if "refresh" not in one["name"]:
            page.evaluate("(text) => document.body.insertAdjacentHTML('beforeend', text)", one["text"])
    page.wait_for_function("window.ran > 5")
    assert len(visit.foreign) > 5
    context.close()
