"""Section of the configuration about recordings of questions."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from agent.sections import Section

Personal = Literal["email", "phone", "card", "iban", "ip", "url"]
"""Personal data that is recognised by its form."""


class Tracing(Section):
    """What is recorded of every question, for how long, and where it is sent."""

    enabled: bool = True
    """Whether questions are recorded."""
    keep_days: float = Field(default=30.0, gt=0)
    """How long a recording is kept, in days."""
    keep_runs: int = Field(default=10_000, ge=1)
    """How many are kept."""
    keep_mb: float = Field(default=512.0, gt=0)
    """How much room all of them may take."""
    redact: tuple[Personal, ...] = ()
    """Personal data that is replaced before anything is kept."""
    redact_patterns: dict[str, str] = {}  # noqa: RUF012 - pydantic copies defaults
    """Further regular expressions of what is replaced, by a word for what they find."""
    cases: Path = Path("cases.jsonl")
    """File of evaluation cases that recordings become, relative to the configuration file."""
    otlp_endpoint: str | None = None
    """OpenTelemetry collector to send spans to, such as http://127.0.0.1:4318; none by default."""
    otlp_headers: dict[str, SecretStr] = {}  # noqa: RUF012 - as above
    """Headers for the collector, such as its key."""
    otlp_content: bool = False
    """Whether spans carry questions, prompts, statements and answers."""

    @field_validator("redact_patterns")
    @classmethod
    def _are_expressions(cls, patterns: dict[str, str]) -> dict[str, str]:
        import re

        for name, pattern in patterns.items():
            try:
                matches_nothing = re.compile(pattern).match("") is None
            except re.error as error:
                raise ValueError(f"{name} is no regular expression ({error})") from error
            if not matches_nothing:
                raise ValueError(f"{name} matches empty text")
        return patterns
