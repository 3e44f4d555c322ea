"""How a prompt is put together: its texts, its paragraphs, its messages."""

from functools import cache
from importlib import resources

from tools.types import Message


@cache
def prompt_text(name: str) -> str:
    """Return the text of that name in the folder `texts`."""
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
