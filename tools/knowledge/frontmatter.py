"""What a document says about itself: YAML front matter or JSON keys to Metadata."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from urllib.parse import urlsplit

import yaml

from tools.errors import LoadingError
from tools.knowledge.groups import KEY, is_key, read_groups
from tools.types import Metadata

MOST_CHARACTERS = 16_384
"""A longer block at the start of a file is not front matter."""

MOST_BRACKETS = 300

KNOWN = frozenset(
    {"title", "url", "valid_from", "valid_to", "superseded_by", "version", "products", "authority", KEY}
)
ABSENT: tuple[object, ...] = (None, "", "null", "~", [], {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Title, address and metadata as a document states them."""

    title: str | None = None
    url: str | None = None
    metadata: Metadata = field(default_factory=Metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """The facts of a text and where its content starts."""

    facts: Facts
    body_start: int


def read_front_matter(text: str) -> FrontMatter:
    """Read the YAML block between two `---` lines at the start of the text, if there is one."""
    block_end = _block_end(text)
    if block_end is None:
        return FrontMatter(facts=Facts(), body_start=0)
    values = _parse_yaml(text[4:block_end])
    if not isinstance(values, dict):
        return FrontMatter(facts=Facts(), body_start=0)
    line_end = text.find("\n", block_end)
    body_start = len(text) if line_end < 0 else line_end + 1
    return FrontMatter(facts=read_facts(values), body_start=body_start)


def read_facts(values: Mapping[str, object]) -> Facts:
    """Read facts from the keys of a mapping; unknown keys become text in `extra`."""
    groups = read_groups(values)
    present = {
        str(key): value for key, value in values.items() if value not in ABSENT and not is_key(str(key))
    }
    return Facts(
        title=_text(present.get("title")),
        url=_address(present.get("url")),
        metadata=Metadata(
            valid_from=_day("valid_from", present.get("valid_from")),
            valid_to=_day("valid_to", present.get("valid_to")),
            superseded_by=_text(present.get("superseded_by")),
            version=_text(present.get("version")),
            products=_names(present.get("products")),
            authority=_text(present.get("authority")),
            groups=groups,
            extra=tuple(sorted((key, _text(present[key]) or "") for key in present.keys() - KNOWN)),
        ),
    )


def _block_end(text: str) -> int | None:
    """Return the offset of the line that closes the front matter."""
    if not text.startswith("---\n"):
        return None
    offset = 4
    for line in text[4:MOST_CHARACTERS].split("\n"):
        if line.rstrip() in {"---", "..."}:
            return offset
        offset += len(line) + 1
    return None


def _parse_yaml(block: str) -> object:
    """Parse YAML with every scalar as the text that stands there.

    The base loader builds only strings, lists and mappings: `version: 1.10` stays "1.10". Aliases are refused
    because a few lines of them can unfold to gigabytes, many brackets because nesting takes quadratic time.
    """
    if block.count("[") + block.count("{") > MOST_BRACKETS:
        raise LoadingError("the front matter is nested too deeply; flatten it")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(block, Loader=yaml.SafeLoader)):
            raise LoadingError("the front matter uses YAML aliases; write the values out")
        return yaml.BaseLoader(block).get_single_data()
    except yaml.YAMLError as error:
        raise LoadingError(f"the front matter is not valid YAML: {_one_line(error)}; correct it") from error
    except RecursionError as error:
        raise LoadingError("the front matter is nested too deeply; flatten it") from error


def _one_line(error: yaml.YAMLError) -> str:
    """Say what is wrong with YAML, and in which line of the file, on one line."""
    problem = getattr(error, "problem", None) or "unreadable"
    mark = getattr(error, "problem_mark", None)
    return f"{problem} (line {mark.line + 2})" if mark is not None else str(problem)


def _text(value: object) -> str | None:
    """Write a value as text; lists are joined by commas."""
    if value is None:
        return None
    if isinstance(value, str):
        return " ".join(value.split())
    if isinstance(value, list) and all(isinstance(item, str | int | float) for item in value):
        return ", ".join(str(item) for item in value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _names(value: object) -> tuple[str, ...]:
    """Read a list of names; a single name is a list of one."""
    items = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(name for item in items if (name := _text(item)))


def _day(key: str, value: object) -> date | None:
    """Read an ISO date; a time of day is dropped."""
    if value is None:
        return None
    try:
        return datetime.fromisoformat(str(value).strip()).date()
    except ValueError as error:
        raise LoadingError(f"{key}: {value!r} is not a date; write it as YYYY-MM-DD") from error


def _address(value: object) -> str | None:
    """Read a web address; anything but http and https is refused."""
    if value is None:
        return None
    address = str(value).strip()
    try:
        parts = urlsplit(address)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        valid = False
    if not valid or any(character.isspace() for character in address):
        raise LoadingError(f"url: {address[:80]!r} is not an http or https address; correct or remove it")
    return address
