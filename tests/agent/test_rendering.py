"""Markdown becomes HTML that can do nothing but be read."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.answer import Answer, PassageQuote, RouteTaken, Timings
from agent.rendering import CITATION, ELEMENTS, text_to_html, to_html
from tests.endpoint.hostile_pieces import ADDRESSES, FORGED, HIDDEN, IMAGES, LINKS, MARKUP, PLACEHOLDERS

PIECES = (*IMAGES, *LINKS, *MARKUP, *ADDRESSES, *FORGED, *HIDDEN, *PLACEHOLDERS)
STRUCTURE = (
    "\n\n",
    "\n",
    "| a | b |\n|---|---|\n| ",
    "- ",
    "7. ",
    "> ",
    "`",
    "```\n",
    "**",
    "# ",
    "[1]",
    "\\",
    "    ",
)
TEXTS = st.lists(st.sampled_from((*PIECES, *STRUCTURE)) | st.text(max_size=20), max_size=8).map("".join)


class _Page(HTMLParser):
    """Notes what a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str, str | None]] = []
        self.other: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_decl(self, decl: str) -> None:
        self.other.append(decl)

    def handle_pi(self, data: str) -> None:
        self.other.append(data)


def answer_of(text: str, *, citations: int = 0) -> Answer:
    """Return an answer that cites so many passages."""
    return Answer(
        answer=text,
        status="answered",
        citations=[
            PassageQuote(
                id=n, knowledge_base="b", source="s.md", title="T", section="", quote="q", start=0, end=1
            )
            for n in range(1, citations + 1)
        ],
        route=RouteTaken(category="b", knowledge_bases={}, database=0, in_scope=1),
        queries=[],
        faithfulness=1,
        mode="local",
        degraded=False,
        notes=[],
        exit_reason="completed",
        timings_ms=Timings(total=1, first_token=None, nodes={}),
        thread_id="t",
        run_id="r",
    )


@given(TEXTS, st.integers(0, 3))
def test_nothing_but_harmless_elements_without_attributes_comes_out(text: str, citations: int) -> None:
    """Whatever is written: only markers of citations that exist carry an attribute, their number."""
    page = _Page(to_html(answer_of(text, citations=citations)))
    assert page.elements <= ELEMENTS
    assert page.other == []
    assert set(page.attributes) <= {("span", CITATION, str(n)) for n in range(1, citations + 1)}


@given(TEXTS)
def test_text_that_cites_nothing_has_no_attribute_at_all(text: str) -> None:
    """And no marker element."""
    page = _Page(text_to_html(text))
    assert page.elements <= ELEMENTS - {"span"}
    assert (page.attributes, page.other) == ([], [])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Boil [1].", '<p>Boil <span data-citation="1">[1]</span>.</p>\n'),
        ("**Boil** [1][2]", '<p><strong>Boil</strong> <span data-citation="1">[1]</span>[2]</p>\n'),
        ("[1](https://x)", '<p><span data-citation="1">[1]</span>(https://x)</p>\n'),
        ("[01] [ 1 ] [１] [-1] [1", "<p>[01] [ 1 ] [１] [-1] [1</p>\n"),
        ("\\[1\\] `[1]`", "<p>[1] <code>[1]</code></p>\n"),
        ("[1]: https://x", '<p><span data-citation="1">[1]</span>: https://x</p>\n'),
    ],
    ids=["cited", "not_cited", "link", "not_a_number", "quoted", "definition"],
)
def test_only_the_marker_of_a_citation_becomes_an_element(text: str, expected: str) -> None:
    """Brackets around anything else stay what was written."""
    assert to_html(answer_of(text, citations=1)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("1. a\n2. b", "<ol>\n<li>a</li>\n<li>b</li>\n</ol>\n"),
        ("3. a\n4. b", "<ul>\n<li>3. a</li>\n<li>4. b</li>\n</ul>\n"),
        ("3. 1. a\n   2. b", "<ul>\n<li>\n<ol>\n<li>3. a</li>\n<li>b</li>\n</ol>\n</li>\n</ul>\n"),
        ("# Title", "<h1>Title</h1>\n"),
        ("*a* **b** ~~c~~ `d`", "<p><em>a</em> <strong>b</strong> <s>c</s> <code>d</code></p>\n"),
        ("```python\nx < 1\n```", "<pre><code>x &lt; 1\n</code></pre>\n"),
        ("> a", "<blockquote>\n<p>a</p>\n</blockquote>\n"),
    ],
    ids=["bullets", "steps", "later_steps", "steps_in_a_step", "heading", "emphasis", "code", "quotation"],
)
def test_structure_is_kept(text: str, expected: str) -> None:
    """And the numbers of a list that starts in the middle are still those that were written."""
    assert text_to_html(text) == expected


def test_a_table_keeps_its_cells_and_their_citations() -> None:
    """Alignment, which would take an attribute, is not kept."""
    html = to_html(answer_of("| Name | Price |\n|:--|--:|\n| Moss | 349 [1] |", citations=1))
    assert "<th>Name</th>\n<th>Price</th>" in html
    assert '<td>Moss</td>\n<td>349 <span data-citation="1">[1]</span></td>' in html


@given(st.text(alphabet=st.characters(categories=["L", "N", "Zs"]), min_size=1, max_size=60))
def test_plain_words_read_as_they_were_written(text: str) -> None:
    """Nothing is lost or added but the space around them."""
    assert _Page(text_to_html(text)).text.split() == text.split()
