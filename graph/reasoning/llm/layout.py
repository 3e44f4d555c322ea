"""How a prompt is put together: its texts, its paragraphs, its messages."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import resources
from types import MappingProxyType

from tools.types import Message

_EDITED: ContextVar[Mapping[str, str]] = ContextVar("edited prompts", default=MappingProxyType({}))


@contextmanager
def edited_prompts(texts: Mapping[str, str]) -> Iterator[None]:
    """Meanwhile, in this context, some texts are others: a developer tries them out on a recorded run."""
    token = _EDITED.set(texts)
    try:
        yield
    finally:
        _EDITED.reset(token)


def prompt_text(name: str) -> str:
    """Return the text of that name in the folder `texts`, unless it is edited."""
    edited = _EDITED.get().get(name)
    return _shipped(name) if edited is None else edited


def prompt_names() -> tuple[str, ...]:
    """Return the names of all texts."""
    files = resources.files(__package__).joinpath("texts").iterdir()
    return tuple(sorted(file.name.removesuffix(".md") for file in files if file.name.endswith(".md")))


@cache
def _shipped(name: str) -> str:
    return resources.files(__package__).joinpath("texts", f"{name}.md").read_text(encoding="utf-8").strip()


def notice(marker: str) -> str:
    """Return the line that names a marker; empty without one."""
    return f"Marker: {marker}" if marker else ""


def paragraphs(*texts: str) -> str:
    """Return the texts that are not empty, with an empty line between."""
    return "\n\n".join(text for text in texts if text)


def system(text: str) -> Message:
    """Return a system message."""
    return Message(role="system", text=text)


def user(text: str) -> Message:
    """Return a message of the user."""
    return Message(role="user", text=text)
