"""Says what is wrong with a configuration: each key by its place, with the key that was probably meant."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

SET_BY_THE_LOADER = "file"
"""The one field of the tree that no configuration may set."""


def unknown_keys(values: Mapping[str, object], root: type[BaseModel]) -> Iterator[str]:
    """Name the keys at the top of a file that are no section."""
    known = _section_at((), root)
    for key in values:
        if key not in known:
            yield f"unknown key {key!r}{_suggestion(key, known)}"


def unknown_variables(names: Mapping[str, str], prefix: str, root: type[BaseModel]) -> Iterator[str]:
    """Name the environment variables of the form PREFIX_SECTION__KEY whose section does not exist."""
    known = _section_at((), root)
    for name in sorted(names):
        section, separator, _ = name.upper().removeprefix(prefix).lower().partition("__")
        if separator and name.upper().startswith(prefix) and section not in known:
            yield f"the environment variable {name} sets the unknown {section!r}{_suggestion(section, known)}"


def described(error: ValidationError, root: type[BaseModel]) -> Iterator[str]:
    """Put each problem in words; values are left out because they may be secret."""
    for problem in error.errors(include_url=False, include_input=False):
        place = ".".join(str(step) for step in problem["loc"])
        if problem["type"] == "extra_forbidden":
            known = _section_at(problem["loc"][:-1], root)
            yield f"unknown key {place!r}{_suggestion(str(problem['loc'][-1]), known)}"
        else:
            yield f"{place}: {_lowered(problem)}"


def _lowered(problem: ErrorDetails) -> str:
    return f"{problem['msg'][:1].lower()}{problem['msg'][1:]}"


def _suggestion(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    return f", did you mean {close[0]!r}?" if close else f"; known here: {', '.join(sorted(known))}"


def _section_at(steps: tuple[int | str, ...], root: type[BaseModel]) -> list[str]:
    """Return the keys known at a place of the tree."""
    model: object = root
    for step in steps:
        fields: Mapping[str, Any] = getattr(model, "model_fields", {})
        if step in fields:
            model = _inner(fields[str(step)].annotation)
    return [name for name in getattr(model, "model_fields", {}) if name != SET_BY_THE_LOADER]


def _inner(annotation: object) -> object:
    """Return the section type inside an annotation such as `dict[str, KnowledgeBase]`."""
    for candidate in (annotation, *getattr(annotation, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return annotation
