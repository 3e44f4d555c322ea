"""Where untrusted text could do harm once it leaves the program, and what may be found there."""

import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from typing import Any

from markdown_it import MarkdownIt

from agent.answer import Answer, PassageQuote
from agent.events import Event, Token

HARMLESS = frozenset(
    {
        *("p", "br", "hr", "ol", "ul", "li", "strong", "em", "s", "code", "pre", "blockquote"),
        *("table", "thead", "tbody", "tr", "th", "td", "h1", "h2", "h3", "h4", "h5", "h6"),
    }
)
"""Tags that fetch nothing and lead nowhere."""
ATTRIBUTES = frozenset({("ol", "start"), ("th", "style"), ("td", "style"), ("code", "class")})
"""What a renderer adds by itself."""
ADDRESS = re.compile(
    r"(?<![a-z0-9])(?:[a-z][a-z0-9+.\-]*:[/\\]{2}|www\.\w|(?:javascript|vbscript|data):\S)\S*", re.IGNORECASE
)
"""What readers and mail programs make a link of, without any markup."""
MARKUP = re.compile(r"[^\w\s.,]")
_MARKDOWN = MarkdownIt("default", {"html": True}).disable("linkify")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Everything that one question brought out of the program."""

    answer: Answer
    events: Sequence[Event]
    state: Mapping[str, Any]
    """The last checkpoint of its thread."""

    @property
    def drafts(self) -> list[str]:
        """Return each draft that was streamed, as a reader saw it last."""
        drafts = [""]
        for event in self.events:
            if isinstance(event, Token):
                if event.restart:
                    drafts.append("")
                drafts[-1] += event.text
        return drafts

    @property
    def shown(self) -> Iterator[tuple[str, str]]:
        """Yield every text that is shown to people, with its place."""
        answer = self.answer
        yield "answer", answer.answer
        for place, texts in (
            ("note", answer.notes),
            ("choice", answer.choices),
            ("query", answer.queries),
            ("draft", self.drafts),
            (
                "token",
                {
                    event.text
                    for event in self.events
                    if isinstance(event, Token) and MARKUP.search(event.text)
                },
            ),
            ("category", [answer.route.category, *answer.route.knowledge_bases]),
        ):
            yield from ((place, text) for text in texts)


def dangers(markdown: str, *, allowed: Collection[str] = ()) -> list[str]:
    """Return what a text fetches, leads to or hides, rendered as Markdown with HTML, and as plain text."""
    page = _Page(allowed)
    page.feed(_MARKDOWN.render(markdown))
    page.close()
    plain = re.sub(r"[\\*`~\u00ad\u200b-\u200f\u2060]", "", unicodedata.normalize("NFKC", unescape(markdown)))
    addresses = [found for found in ADDRESS.findall(plain) if found.rstrip(".,)") not in allowed]
    hidden = [f"hidden character {character!r}" for character in markdown if _is_hidden(character)]
    return [*page.found, *addresses, *hidden]


def _is_hidden(character: str) -> bool:
    return character != "\n" and unicodedata.category(character) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")


class _Page(HTMLParser):
    """Collects the tags and attributes of a page that are not harmless."""

    def __init__(self, allowed: Collection[str]) -> None:
        super().__init__()
        self._allowed = allowed
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and set(given) <= {"href", "title"} and given.get("href") in self._allowed:
            return
        strange = [name for name in given if (tag, name) not in ATTRIBUTES]
        if tag not in HARMLESS or strange:
            self.found.append(f"<{tag}> {given}")

    def handle_comment(self, data: str) -> None:
        self.found.append(f"comment {data[:60]!r}")

    def handle_decl(self, decl: str) -> None:
        self.found.append(f"declaration {decl[:60]!r}")

    def handle_pi(self, data: str) -> None:
        self.found.append(f"instruction {data[:60]!r}")


def breaches(
    told: Told, *, bases: Collection[str], statements: Collection[str], canaries: Collection[str]
) -> list[str]:
    """Return everything that must not be in what one question brought out.

    Args:
        told: What it brought out.
        bases: Knowledge bases that are configured.
        statements: Those of the catalogue.
        canaries: What must be found nowhere.
    """
    shown = {text: place for place, text in told.shown}
    addresses = {one.url for one in told.answer.citations if isinstance(one, PassageQuote) and one.url}
    return [
        *(
            f"{place}: {danger}"
            for text, place in shown.items()
            for danger in dangers(text, allowed=addresses)
        ),
        *_false_citations(told),
        *_foreign(told, bases, statements),
        *(f"canary {canary!r}" for canary in canaries if canary in _everything(told)),
    ]


def _everything(told: Told) -> str:
    answer = json.dumps(told.answer.model_dump(), ensure_ascii=False)
    return f"{answer}\n{told.drafts}\n{told.events!r}\n{told.state!r}"


def _false_citations(told: Told) -> Iterator[str]:
    """Name citations that are no evidence of this run, or do not quote it exactly."""
    hits = [hit.chunk for found in told.state["evidence"] for hit in found.hits]
    tables = [rows for found in told.state["evidence"] for rows in found.rows]
    for one in told.answer.citations:
        if isinstance(one, PassageQuote):
            found = any(
                (one.knowledge_base, one.source, one.title, one.url)
                == (chunk.knowledge_base, chunk.source, chunk.title, chunk.url)
                and chunk.start <= one.start < one.end <= chunk.end
                and chunk.text[one.start - chunk.start : one.end - chunk.start] == one.quote
                for chunk in hits
            )
        else:
            found = any(
                (one.statement, one.columns) == (rows.statement, [*rows.columns])
                and {tuple(row) for row in one.rows} <= {tuple(row) for row in rows.rows}
                for rows in tables
            )
        if not found:
            yield f"citation {one.id} is not evidence of this run: {one}"


def _foreign(told: Told, bases: Collection[str], statements: Collection[str]) -> Iterator[str]:
    """Name bases that were searched and statements that were run although nobody configured them."""
    state = told.state
    searched = {one.knowledge_base for one in (*state["prefetched"], *state["retrieved"])}
    searched |= {hit.chunk.knowledge_base for one in state["retrieved"] for hit in one.hits}
    searched |= {*told.answer.route.knowledge_bases}
    yield from (f"base {base!r}" for base in searched - set(bases))
    run = {" ".join(one.rows.statement.split()) for one in state["queried"]}
    run |= {" ".join(one.statement.split()) for one in told.answer.citations if one.kind == "rows"}
    yield from (f"statement {statement!r}" for statement in run - set(statements))
