"""Random worlds of documents for random readers, in which every document carries a canary of its own.

The canary stands in everything that a document says: text, title, headings, product, address and file name.
Nobody who asks writes it, unless in small letters, as somebody who has heard of the product.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

GROUPS = ("staff", "partners", "board")
BASES: Mapping[str, Sequence[str]] = {
    "cooking": ("kettle", "toaster", "blender", "steamer", "cooker"),
    "living": ("lamp", "bed", "carpet", "heater", "curtain"),
}
PLACES = ("kitchen", "cellar", "garden", "office", "attic")
FACTS = ("a red box", "a steel lid", "a long cable", "two spare fuses", "a glass jug")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One document."""

    number: int
    groups: tuple[str, ...]
    base: str
    thing: str
    place: str
    fact: str
    successor: int
    """Number of the document that is said to replace it."""

    @property
    def canary(self) -> str:
        """What gives the document away."""
        return f"ZQ{self.number}X"

    @property
    def source(self) -> str:
        """Its file."""
        return f"{self.canary}.md"

    @property
    def question(self) -> str:
        """What only this document answers."""
        return f"What does the {self.thing} of the {self.place} come with?"

    @property
    def guesses(self) -> tuple[str, str]:
        """Return a conversation of somebody who has heard of the product."""
        return f"What does the {self.canary.lower()} come with?", "And how high is its stand?"

    @property
    def named(self) -> bool:
        """Whether it says which product it is about, so that it can be asked which one is meant."""
        return self.number % 2 == 0

    def is_for(self, groups: frozenset[str]) -> bool:
        """Tell whether somebody in these groups may read it."""
        return not self.groups or not groups.isdisjoint(self.groups)

    @property
    def text(self) -> str:
        """The file's content."""
        stated = f"groups: [{', '.join(self.groups)}]\n" if self.groups else ""
        stated += f"products: ['{self.canary}']\n" if self.named else ""
        return (
            f"---\ntitle: The {self.thing} of the {self.place} {self.canary}\n{stated}"
            f"superseded_by: ZQ{self.successor}X.md\n"
            f"url: https://docs.example/{self.canary}\n---\n\n"
            f"## What the {self.thing} of the {self.place} comes with ({self.canary})\n\n"
            f"The {self.thing} of the {self.place} comes with {self.fact} and the word {self.canary}.\n\n"
            f"## Stand {self.canary}\n\nThe stand is {self.number + 3} feet high, says {self.canary}.\n"
        )


SHARED = ("How high is the stand?", "What is new?", "Hello", "Which things come with a red box?")
"""Questions that many documents answer, or none."""


def pages(seed: int, *, count: int = 24) -> list[Page]:
    """Return a world: a third of it for everybody, the rest for one to three groups."""
    random = Random(seed)  # noqa: S311 - a world need not be a secret
    settings = [(base, thing, place) for base in BASES for thing in BASES[base] for place in PLACES]
    chosen = random.sample(settings, count)
    return [
        Page(
            number=100 * seed + number,
            groups=tuple(sorted(random.sample(GROUPS, random.choice((0, 1, 1, 1, 2, 3))))),
            base=base,
            thing=thing,
            place=place,
            fact=random.choice(FACTS),
            successor=100 * seed + random.randrange(count),
        )
        for number, (base, thing, place) in enumerate(chosen)
    ]


def principals(seed: int) -> Iterator[frozenset[str]]:
    """Yield some askers: nobody in particular, somebody of a strange group, and members of some groups."""
    random = Random(seed)  # noqa: S311
    yield frozenset()
    yield frozenset({"visitors", "Staff", "*"})
    yield frozenset(GROUPS)
    yield from (frozenset(random.sample(GROUPS, random.choice((1, 1, 2)))) for _ in range(3))


def write_world(folder: Path, world: Sequence[Page], *, more: str = "") -> Path:
    """Write the documents and a configuration with some more lines; return the configuration's file."""
    for page in world:
        (folder / page.base).mkdir(parents=True, exist_ok=True)
        (folder / page.base / page.source).write_text(page.text, encoding="utf-8")
    bases = (
        f'[knowledge_bases.{base}]\npaths = ["{base}"]\ndescription = "{base}: {", ".join(things)}"\n'
        f"examples = {json.dumps([f'What does the {thing} come with?' for thing in things])}\n"
        for base, things in BASES.items()
    )
    file = folder / "plumbline.toml"
    file.write_text("\n".join([*bases, more]), encoding="utf-8")
    return file
