"""Who may read a document: how it is stated, stored and asked for. What is unclear stays closed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from tools.errors import AccessUnclear, LoadingError

KEY = "groups"
EVERYBODY = "*"
"""Stands in the store where no group does. No group is called so: a name holds a letter."""
REMEDY = "name groups, or leave the key out for everybody"

_STATED = re.compile(
    r"\A\s*-{3,}[^\S\n]*\n(?:(?!---|\.\.\.).*\n)*?[\"']?groups[\"']?[^\S\n]*:", re.IGNORECASE
)


def is_key(name: str) -> bool:
    """Tell whether a key states groups, in whatever case it is written."""
    return name.strip().casefold() == KEY


def read_groups(values: Mapping[str, object]) -> tuple[str, ...]:
    """Return the groups that metadata names, sorted; none when it has no such key.

    They are a list of names, or one text with commas between the names.

    Raises:
        AccessUnclear: There is such a key, and what it says cannot be read.
    """
    stated = [value for key, value in values.items() if is_key(str(key))]
    if not stated:
        return ()
    if len(stated) > 1:
        raise AccessUnclear(f"groups: the key is there twice; {REMEDY}")
    (value,) = stated
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise AccessUnclear(f"groups: {str(value)[:80]!r} is no list of names; {REMEDY}")
    names = sorted({name for item in items if (name := " ".join(item.split()))})
    if not names or value == "null":
        raise AccessUnclear(f"groups: no name is given; {REMEDY}")
    if strange := [name for name in names if not any(map(str.isalpha, name))]:
        raise AccessUnclear(f"groups: {strange[0][:80]!r} has no letter, so it is no name; {REMEDY}")
    return tuple(names)


def stated_in(text: str) -> bool:
    """Tell whether a text begins like front matter that states groups, well-formed or not."""
    return _STATED.match(text) is not None


@contextmanager
def closed(stated: bool) -> Iterator[None]:
    """Where groups are stated, let nothing go wrong without it being said that access is unclear."""
    try:
        yield
    except LoadingError as error:
        if stated and not isinstance(error, AccessUnclear):
            raise AccessUnclear(str(error)) from error
        raise


def to_stored(groups: Sequence[str]) -> list[str]:
    """Return what the store keeps for a document of these groups; never nothing."""
    return list(groups) or [EVERYBODY]


def from_stored(stored: Sequence[str]) -> tuple[str, ...]:
    """Return a document's groups."""
    return tuple(name for name in stored if name != EVERYBODY)


def admitting(groups: frozenset[str]) -> tuple[str, ...]:
    """Return what the store must hold one of for somebody in these groups."""
    return (EVERYBODY, *sorted(groups))
