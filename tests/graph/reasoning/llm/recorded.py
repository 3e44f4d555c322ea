"""Prompts of the sample company with the replies that a capable reader gave to them.

The reader was given nothing but the rendered prompt. A recording holds the exact messages and the reply;
`sources` turns the blocks of its prompt back into what they were rendered from.
"""

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from graph.reasoning.llm.sources import Source
from graph.state import Evidence
from tests.endpoint.reader import blocks
from tests.fakes_graph import chunk_of, hit_of
from tools.types import Hit, Message, Metadata, Prompt, Rows

FOLDER = Path(__file__).with_name("recordings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One prompt and the reply to it."""

    name: str
    prompt: Prompt
    reply: str

    @property
    def given(self) -> list[tuple[str, dict[str, str], str]]:
        """Blocks of the message that carries what was found: tag, attributes, text."""
        told = [message.text for message in self.prompt.messages if message.role == "user"]
        carrying = next(text for text in reversed(told) if not text.startswith("<objection"))
        return blocks(carrying)

    @property
    def parts(self) -> int:
        """How many parts the question has."""
        return max(1, sum(tag == "part" for tag, _, _ in self.given))


def recordings(kind: str) -> list[Recording]:
    """Return the recordings whose name begins like this, by name."""
    return [_read(path) for path in sorted(FOLDER.glob(f"{kind}-*.json"))]


def _read(path: Path) -> Recording:
    kept = json.loads(path.read_text(encoding="utf-8"))
    messages = tuple(Message(**message) for message in kept["messages"])
    prompt = Prompt(name=path.stem.partition("-")[0], messages=messages)
    return Recording(name=path.stem, prompt=prompt, reply=kept["reply"])


def sources(recording: Recording) -> tuple[Source, ...]:
    """Return the sources of a writing prompt."""
    return tuple(
        Source(number=int(told["id"]), parts=_parts(told), item=_item(told, text))
        for tag, told, text in recording.given
        if tag == "source"
    )


def evidence(recording: Recording) -> list[Evidence]:
    """Return the same as the evidence of one part."""
    items = [source.item for source in sources(recording)]
    hits = tuple(item for item in items if isinstance(item, Hit))
    return [Evidence(hits=hits, rows=tuple(item for item in items if isinstance(item, Rows)))]


def _parts(told: dict[str, str]) -> tuple[int, ...]:
    return tuple(int(part) - 1 for part in told.get("parts", "1").split(", "))


def _item(told: dict[str, str], text: str) -> Hit | Rows:
    if told["kind"] == "rows":
        head, *lines = [line for line in text.splitlines() if not line.startswith("In words:")]
        columns = tuple(head.split(" | "))
        rows = tuple(cells for line in lines if len(cells := tuple(line.split(" | "))) == len(columns))
        return Rows(
            name=told["query"],
            statement=f"SELECT {told['id']}",
            parameters=(("asked", told.get("parameters", "")),),
            columns=columns,
            rows=rows,
            description=told["description"],
            answer=text.partition("In words:")[2] or None,
        )
    metadata = Metadata(
        valid_from=_day(told.get("valid_from")),
        valid_to=_day(told.get("valid_to")),
        version=told.get("version"),
        products=tuple(told["products"].split(", ")) if "products" in told else (),
        authority=told.get("authority"),
    )
    section = tuple(told["section"].split(" › ")) if "section" in told else ()
    return hit_of(
        chunk_of(
            text,
            identifier=told["id"],
            base=told["base"],
            source=told["id"],
            title=told["title"],
            section=section,
            metadata=metadata,
        )
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
