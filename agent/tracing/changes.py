"""What changed between two JSON values, as lines that people can read."""

import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import islice
from typing import Literal

from agent.answer import Public
from agent.recording.recording import Json

MOST_LINES = 400
"""Lines of one comparison; the last one says how many more there are."""
MOST_READ = 20_000
"""Lines of one value that are compared at all."""
MOST_EFFORT = 4_000_000
"""Pairs of lines that are compared; beyond, everything old is removed and everything new added."""
AROUND = 3
"""Equal lines shown on either side of a change."""
WIDTH, DEEPEST, EXCERPT = 160, 40, 120
_INDENT = "  "


class Line(Public):
    """One line of a comparison."""

    kind: Literal["same", "added", "removed"]
    text: str


def changed_lines(before: Json, after: Json) -> list[Line]:
    """Compare two JSON values line by line; equal values give no lines.

    Text is compared by its own lines, everything else as indented JSON. Passages are shown by heading,
    scores and the first characters of their text, unless they differ in nothing of that. Equal lines far
    from any change are left out, and said to be.
    """
    if before == after:
        return []
    text = all(value is None or isinstance(value, str) for value in (before, after))
    old, new = (_written(value, text=text, compact=True) for value in (before, after))
    if old == new:
        old, new = (_written(value, text=text, compact=False) for value in (before, after))
    return _capped(_compared(old, new))


def _written(value: Json, *, text: bool, compact: bool) -> list[str]:
    """Return the lines of a value; None is nothing, as a channel is before it is written."""
    if value is None:
        return []
    lines = _wrapped(value) if text else _pretty(value, "", 0, compact=compact)
    return list(islice(lines, MOST_READ))


def _compared(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    """Yield both texts merged; what both begin and end with costs nothing."""
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    yield from _equal(old[:head], behind=False)
    if len(before) * len(after) > MOST_EFFORT:
        yield from (Line(kind="removed", text=text) for text in before)
        yield from (Line(kind="added", text=text) for text in after)
    else:
        for kind, i, j, k, m in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if kind == "equal":
                yield from _equal(before[i:j], behind=True, ahead=True)
                continue
            yield from (Line(kind="removed", text=text) for text in before[i:j])
            yield from (Line(kind="added", text=text) for text in after[k:m])
    yield from _equal(old[len(old) - tail :], behind=True)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other)))


def _equal(lines: Sequence[str], *, behind: bool, ahead: bool | None = None) -> Iterator[Line]:
    """Yield the equal lines next to a change; `behind` one, `ahead` of one, by default of the other side."""
    first = AROUND if behind else 0
    last = AROUND if (ahead if ahead is not None else not behind) else 0
    if len(lines) <= first + last + 1:
        yield from (Line(kind="same", text=text) for text in lines)
        return
    yield from (Line(kind="same", text=text) for text in lines[:first])
    yield Line(kind="same", text=f"⋯ {len(lines) - first - last:,} equal lines")
    yield from (Line(kind="same", text=text) for text in lines[len(lines) - last :])


def _capped(lines: Iterator[Line]) -> list[Line]:
    shown = list(islice(lines, MOST_LINES))
    more = sum(1 for _ in lines)
    if more:
        shown[-1] = Line(kind="same", text=f"⋯ {more + 1:,} more lines")
    return shown


def _pretty(value: Json, indent: str, depth: int, *, compact: bool, name: str = "") -> Iterator[str]:
    """Yield a value as indented JSON in which long text takes several lines."""
    if compact and (told := _passage(value)):
        yield f"{indent}{name}{told}"
    elif depth >= DEEPEST:
        yield f"{indent}{name}⋯"
    elif isinstance(value, dict) and value:
        yield f"{indent}{name}{{"
        for key, each in value.items():
            own = f"{json.dumps(str(key), ensure_ascii=False)}: "
            yield from _pretty(each, indent + _INDENT, depth + 1, compact=compact, name=own)
        yield f"{indent}}}"
    elif isinstance(value, list | tuple) and value:
        yield f"{indent}{name}["
        for each in value:
            yield from _pretty(each, indent + _INDENT, depth + 1, compact=compact)
        yield f"{indent}]"
    else:
        yield from _leaf(value, indent, name)


def _leaf(value: Json, indent: str, name: str) -> Iterator[str]:
    if isinstance(value, str) and (len(value) > WIDTH or "\n" in value):
        yield f"{indent}{name}|"
        yield from (f"{indent}{_INDENT}{line}" for line in _wrapped(value))
    else:
        yield f"{indent}{name}{json.dumps(value, ensure_ascii=False, default=str)}"


def _wrapped(text: str) -> Iterator[str]:
    """Yield the lines of a text, cut where they are too long to be read as one."""
    for line in text.split("\n"):
        yield line[:WIDTH]
        for start in range(WIDTH, len(line), WIDTH):
            yield line[start : start + WIDTH]


def _passage(value: Json) -> str | None:
    """Return a passage, or a hit with its scores, on one line; None when it is something else."""
    if not isinstance(value, dict):
        return None
    chunk, scores = value, ""
    if isinstance(value.get("chunk"), dict) and "score" in value:
        chunk, explanation = value["chunk"], value.get("explanation")
        named = explanation.items() if isinstance(explanation, dict) else ()
        scores = " · ".join(f"{name} {_number(score)}" for name, score in [("score", value["score"]), *named])
    text, title, section = chunk.get("text"), chunk.get("title"), chunk.get("section")
    if not isinstance(text, str) or not isinstance(title, str) or not isinstance(section, list):
        return None
    heading = " › ".join(map(str, (title, *section)))
    excerpt = " ".join(text[: 2 * EXCERPT].split())[:EXCERPT]
    return " · ".join(
        part for part in (f"▪ {heading}", str(chunk.get("source", "")), scores, excerpt) if part
    )


def _number(value: Json) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
