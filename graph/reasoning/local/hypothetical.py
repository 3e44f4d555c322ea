"""The beginning of a question's answer, by rules: what a document that answers it might say.

A stand-in for HyDE (Gao et al. 2022, https://arxiv.org/abs/2212.10496), which has a language model write a
whole hypothetical answer: here the question is turned into a statement with its own words alone.
"""

import re

_OPENINGS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), statement)
    for pattern, statement in (
        (r"^how (?:do|can|should|would) (?:i|we|you) (.+)$", r"To \1, follow these steps."),
        (r"^how (?:long|far|often|much|many) (?:is|are|does|do|can|will) (.+)$", r"\1 takes up to"),
        (r"^(?:can|may|could|should) (?:i|we|you) (.+)$", r"You can \1."),
        (r"^(?:what|which|who) (?:is|are|was|were) (.+)$", r"\1 is"),
        (r"^(?:where|when) (?:is|are|was|were|do|does|can) (.+)$", r"\1 is"),
        (r"^why (?:is|are|does|do) (.+)$", r"\1 because"),
        (r"^(?:is|are|does|do|will|has|have) (.+)$", r"\1."),
    )
)


def opening(question: str) -> str:
    """Return the statement that an answer might begin with; the bare question where no rule fits."""
    asked = question.strip().rstrip("?!. ")
    for pattern, statement in _OPENINGS:
        if pattern.match(asked):
            return pattern.sub(statement, asked)
    return asked
