"""Hostile text built from fragments, and what Markdown makes of it."""

import re
from collections.abc import Set

from hypothesis import strategies as st
from markdown_it import MarkdownIt

OWN = "https://own.example/doc"
FRAGMENTS = [
    *("[", "]", "(", ")", "![", "](", "<", ">", "\\", "\\[", "\\]", "[x]: ", "[x]", "[x]:\n", "<?"),
    *("](<javascript:x>)", "<img src=x>", "<!--", "-->", "<script>", "</b>", "<b>", '<a href="', "<![CDATA["),
    *("javascript:", "JaVaScRiPt:alert(1)", "http://evil.example/x", "https://evil.example/?d=", "mailto:"),
    *("//evil.example", "evil.example/x?d=1", "www.evil.example", "evil.com", "a@evil.example", "ftp:"),
    *(OWN, f"[own]({OWN})", f"<{OWN}>", f"![own]({OWN})", "rules.example/returns", "data:text/html,x"),
    *("[1]", "[2]", "[3]", "[99]", "[2][3]", "[2, 3]", "[^3]", "[table 1]", "【3】", "[[2]]", "\\[3\\]"),
    *("&lt;", "&amp;lt;", "&#60;", "&#x3c;img", "&colon;", "&NewLine;", "&l\u200bt;", "&lt\u037e"),
    *("\u200b", "\u202e", "\U000e0041", "\u0338", "\u1fef", "\ue000", "\U000f0001", "\ufe0f", "\u2028"),
    *("\n", "\n\n", "\r\n", "\t", " ", "  ", "`", "```", "**", "__", "- ", "1. ", "## 1", "## 2", "# ", "> "),
    *("| a | b |", "|---|---|", ":", ".", "!", ", ", "=", "'", '"', "…", "5", "word", "It stops", "水", "。"),
    *("か\u3099", "NOT ANSWERED", "Sources:", "<think>", "</think>", "｜", "：", "ﬁ", "\xa0", "[[a](b)]"),
    *("com/x", "/x", "<svg/onload=x>"),
]
"""Pieces of attacks and of ordinary replies; evil.example and evil.com are nobody's sources."""
HOSTILE = st.lists(st.sampled_from(FRAGMENTS), max_size=16).map("".join)
LEAK = re.compile(
    r"evil\.example[/?]|https?://e|www\.evil|@evil|evil\.com(?!\w|-\w)|javascript:\w(?<=[ -~])", re.IGNORECASE
)

_MARKDOWN = MarkdownIt("default", {"html": True}).disable("linkify")


def dangers(markdown: str, *, allowed: Set[str] = frozenset()) -> list[str]:
    """Return the images, raw tags and foreign links that a text renders to, with every rule on."""
    return [
        token.type
        for block in _MARKDOWN.parse(markdown)
        for token in (block, *(block.children or ()))
        if token.type in ("image", "html_inline", "html_block")
        or (token.type == "link_open" and token.attrs["href"] not in allowed)
    ]
