"""Plumbline: answers from documents and data, every one hanging true to its sources."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent.assistant import Assistant

__all__ = ["Assistant"]


def __getattr__(name: str) -> object:
    """Import `Assistant` when it is first used: commands that need no graph start a second sooner."""
    if name == "Assistant":
        from agent.assistant import Assistant

        return Assistant
    raise AttributeError(f"module 'agent' has no attribute {name!r}")
