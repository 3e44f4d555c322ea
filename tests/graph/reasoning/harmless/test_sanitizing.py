"""Untrusted text as harmless Markdown."""

import unicodedata

import pytest
from hypothesis import given

from graph.reasoning.harmless.sanitizing import sanitize
from tests.graph.reasoning.harmless.hostile import HOSTILE, LEAK, OWN, dangers


def clean(text: str) -> str:
    """Sanitise with one address of our own."""
    return sanitize(text, allowed_urls={OWN})


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        pytest.param("a ![x](http://e.example/a.png) b", "a  b", id="inline image"),
        pytest.param(f"![x]({OWN})", "", id="image of an allowed address"),
        pytest.param("a ![x][ref] b", "a  b", id="reference image"),
        pytest.param('<img src="http://e.example/x">', "", id="html image"),
        pytest.param("[manual](http://e.example)", "manual", id="link"),
        pytest.param(f"[manual]({OWN})", f"[manual]({OWN})", id="allowed link"),
        pytest.param(f'[manual]({OWN} "title")', "manual", id="allowed link with a title"),
        pytest.param(f"<{OWN}> and {OWN}.", f"{OWN} and {OWN}.", id="allowed address"),
        pytest.param("[a](<javascript:alert(1)>) b", "a b", id="link in angle brackets"),
        pytest.param("[a [b] c](http://e.example)", "a [b] c", id="nested brackets"),
        pytest.param("[![a](x.png)](http://e.example)", "", id="linked image"),
        pytest.param("[a](http://e.example/x(y)z)", "a", id="parentheses in the target"),
        pytest.param("[a\n](http://e.example/x)", "[a\n] (…)", id="link over two lines"),
        pytest.param("[manual][ref] here", "manual here", id="reference link"),
        pytest.param("[x]: http://e.example", "[x] : …", id="definition"),
        pytest.param("[^1]: note", "[^1] : note", id="footnote"),
        pytest.param("<http://e.example>", "…", id="autolink"),
        pytest.param("see (HTTPS://e.example/x). Done", "see (…). Done", id="bare address"),
        pytest.param("//e.example/x www.e.example", "… …", id="no scheme"),
        pytest.param("evil.example/x?d=1 evil.com a@b.example", "… … …", id="hosts and mail"),
        pytest.param("evil\\.com/x", "…", id="backslash in a host"),
        pytest.param("h<b></b>ttps://e.example", "…", id="tag inside an address"),
        pytest.param("javascript&colon;alert(1)", "…)", id="entity in a scheme"),
        pytest.param("&lt;img src=x&gt;", "< img src=x>", id="encoded tag"),
        pytest.param("&amp;lt;img src=x&amp;gt;", "< img src=x>", id="tag encoded twice"),
        pytest.param("&l\u200bt;img", "< img", id="invisible character in an entity"),
        pytest.param("<<b>script>x", "< script>x", id="tag made by removing a tag"),
        pytest.param("<img\nsrc=x onerror=y>", "< img\nsrc=x onerror=y>", id="tag over two lines"),
        pytest.param("a<!-- hidden -->b", "ab", id="comment"),
        pytest.param("H<sub>2</sub>O<br>x", "H2O x", id="harmless tags"),
        pytest.param("run `plumb <file>`", "run `plumb < file>`", id="placeholder"),
        pytest.param("if p < 5 bar or p <5 or p > 3", "if p < 5 bar or p <5 or p > 3", id="comparisons"),
        pytest.param("a\u200bb\u202ec\U000e0041\ufe0fd\x00e\u2028f", "abcde f", id="invisible characters"),
        pytest.param("e\u0301", "é", id="normal form"),
        pytest.param(
            "**bold** and/or `code` [note] 24/7 12:30", "**bold** and/or `code` [note] 24/7 12:30", id="plain"
        ),
        pytest.param("config.toml e.g. Node.js 1.5 v2.1/3", "config.toml e.g. Node.js 1.5 v2.1/3", id="dots"),
        pytest.param("  - item\n\n| a | b |", "  - item\n\n| a | b |", id="structure"),
    ],
)
def test_text_is_made_harmless(text: str, harmless: str) -> None:
    """And doing it again changes nothing."""
    assert clean(text) == harmless
    assert clean(harmless) == harmless


def test_addresses_of_the_sources_may_be_named() -> None:
    """That very word, and no other."""
    text = "See rules.example/returns, not rules.example/other."
    assert (
        sanitize(text, allowed_urls=set(), kept={"rules.example/returns"})
        == "See rules.example/returns, not …."
    )


@given(HOSTILE)
def test_nothing_hostile_survives(text: str) -> None:
    """No image, no raw tag, no link but our own, no foreign address, nothing invisible; idempotent."""
    harmless = clean(text)
    assert dangers(harmless, allowed={OWN}) == []
    assert not LEAK.search(harmless)
    assert unicodedata.is_normalized("NFC", harmless)
    assert not any(unicodedata.category(letter) in ("Cf", "Co", "Cs") for letter in harmless)
    assert clean(harmless) == harmless
