"""The rungs of the text-to-SQL ladder: what is switched on for a model, one thing after the other."""

from dataclasses import dataclass

from agent.sections import Asking, ExampleChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One setting of the switches."""

    name: str
    examples: ExampleChoice
    difficulty: bool
    repairs: int
    votes: int

    @property
    def switches(self) -> str:
        """Spell the switches, to tell runs apart."""
        difficulty = "yes" if self.difficulty else "no"
        return f"examples={self.examples} difficulty={difficulty} repairs={self.repairs} votes={self.votes}"

    @property
    def asking(self) -> Asking:
        """Return the section of the configuration that has these switches."""
        return Asking(
            examples=self.examples, difficulty=self.difficulty, repairs=self.repairs, votes=self.votes
        )


LADDER = (
    Rung(name="zero-shot", examples="none", difficulty=False, repairs=0, votes=1),
    Rung(name="few-shot by question", examples="question", difficulty=False, repairs=0, votes=1),
    Rung(name="few-shot by hypothetical SQL", examples="hypothetical", difficulty=False, repairs=0, votes=1),
    Rung(name="difficulty filter", examples="hypothetical", difficulty=True, repairs=0, votes=1),
    Rung(name="self-repair", examples="hypothetical", difficulty=True, repairs=2, votes=1),
    Rung(name="vote", examples="hypothetical", difficulty=True, repairs=2, votes=5),
)
"""Each adds one thing to the one before it."""
