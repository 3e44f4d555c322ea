"""Quotations as harmless Markdown."""

import pytest
from hypothesis import given

from graph.reasoning.harmless.marks import numbers_in
from graph.reasoning.harmless.quotations import quotation
from tests.graph.reasoning.harmless.hostile import HOSTILE, dangers


@pytest.mark.parametrize(
    "text",
    [
        "Write to help@kettle.example or call +49 30 123456.",
        "Order part KT-100.2/B (EUR 9.90), see kettle.example/parts?id=7.",
        "Set p < 5 bar; keep 2 × 3.5 l at 90 °C, and/or run `descale --all`.",
        "| **Part** | Price |\n|---|---|\n| Lid \\| cord | 9 |",
    ],
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Mail addresses, part numbers and tables included."""
    assert quotation(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See https://kettle.example/app, please.", "See kettle.example/app, please."),
        ("(http://www.kettle.example)", "(kettle.example)"),
        ("<https://kettle.example/app>", "kettle.example/app"),
        ("www.kettle.example/app or mailto:help@kettle.example", "kettle.example/app or help@kettle.example"),
        ("[app](https://kettle.example/app)", "app"),
        ("mailto:mailto:[", "…:["),
        ("ftp://kettle.example/app", "…"),
        ("https://javascript:alert(1)", "…)"),
        ("[<b></b>3] &#91;4] [\u200b5] [[6]](https://kettle.example)", "(3) (4) (5) (6)"),
        ("]【3】 and [[2]]【3】", "] (3) and [(2)] (3)"),
        ("Fill it [3]. Boil it 【4†source】 [5-6].", "Fill it (3). Boil it (4†source) (5-6)."),
    ],
)
def test_addresses_can_be_read_and_lead_nowhere(text: str, shown: str) -> None:
    """And nothing passes for a marker of ours."""
    assert quotation(text) == shown


@given(HOSTILE)
def test_no_quotation_is_harmful(text: str) -> None:
    """No image, link, tag or marker, however it is composed; and quoting it again changes nothing."""
    shown = quotation(text)
    assert dangers(shown) == []
    assert numbers_in(shown) == []
    assert quotation(shown) == shown
