"""The section of the configuration that says how the assistant is measured."""

from pydantic import Field

from agent.sections import Section


class LadderRung(Section):
    """One technique of your own to be measured: what it is without, and with."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,40}$")
    """Names it in the ladder."""
    description: str = ""
    """What it does, in words."""
    off: dict[str, str | int | float | bool] = Field(default={})
    """Dotted keys with their values while it is left out; `*` stands for every knowledge base."""
    on: dict[str, str | int | float | bool] = Field(default={})
    """The same while it is in; what the configuration says by default."""


class Evaluation(Section):
    """How the assistant is measured."""

    rungs: tuple[LadderRung, ...] = ()
    """Techniques of your own, measured after the built-in ones."""
    parallel: int | None = Field(default=None, ge=1, le=64)
    """Questions asked at a time; by default one in local mode, and four with a language model."""
