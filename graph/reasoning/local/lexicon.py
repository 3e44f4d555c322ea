"""What the corpus knows of words: how rare they are, where they occur, and the names of its products."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log

from tools.text.words import fold, stem_set
from tools.types import Chunk


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Document frequencies of stems by knowledge base, over chunks."""

    totals: Mapping[str, int]
    """Chunks counted in each base."""
    frequencies: Mapping[str, Mapping[str, int]]
    """Base → stem → chunks that contain it."""
    products: tuple[str, ...] = ()
    """Product names found in the documents' metadata, longest first."""
    revisions: tuple[str, ...] = ()
    """Revisions found there."""

    def rarity(self, stem: str) -> float:
        """Return the inverse document frequency ln(1 + (N - n + 0.5) / (n + 0.5)), as in BM25."""
        count = sum(found.get(stem, 0) for found in self.frequencies.values())
        total = sum(self.totals.values())
        return log(1 + (max(0, total - count) + 0.5) / (count + 0.5))

    def known(self, stem: str) -> bool:
        """Tell whether any document contains the stem."""
        return any(stem in found for found in self.frequencies.values())

    def coverage(self, question: Iterable[str], text: Iterable[str]) -> float:
        """Return the share of the question's stems, weighted by rarity, that the text contains; in [0, 1]."""
        wanted = {stem: self.rarity(stem) for stem in question}
        present = frozenset(text)
        total = sum(wanted.values())
        return sum(weight for stem, weight in wanted.items() if stem in present) / total if total else 0.0

    def subject(self, question: str) -> frozenset[str]:
        """Return the stems a document can be expected to hold: all but codes that no document mentions."""
        return frozenset(
            stem for stem in stem_set(question) if self.known(stem) or not any(map(str.isdigit, stem))
        )

    def affinity(self, question: Sequence[str], knowledge_base: str) -> float:
        """Return how much a question's words lean to one base, in [0, 1].

        The rarity-weighted mean over its known stems of the base's share p(stem | base) / Σ p(stem | b).
        """
        weighted = total = 0.0
        for stem in set(question):
            shares = {base: self._share(stem, base) for base in self.totals}
            if sum(shares.values()) > 0:
                rarity = self.rarity(stem)
                weighted += rarity * shares[knowledge_base] / sum(shares.values())
                total += rarity
        return weighted / total if total else 0.0

    def products_in(self, text: str) -> tuple[str, ...]:
        """Return the products named in a text; a longer name hides a shorter one inside it."""
        rest = fold(text)
        found = []
        for name in self.products:
            folded = fold(name)
            if folded not in rest:
                continue
            pattern = re.compile(rf"(?<!\w){re.escape(folded)}(?:'s|s)?(?!\w)")
            if pattern.search(rest):
                found.append(name)
                rest = pattern.sub(" ", rest)
        return tuple(found)

    def without_names(self, question: str, *, also: Sequence[str] = ()) -> str:
        """Return what a question asks without the names of its products; itself when little would be left.

        Args:
            question: Any question.
            also: Other words to leave out.
        """
        names = "|".join(re.escape(name) for name in (*self.products_in(question), *also))
        if not names:
            return question
        pattern = rf"(?i)\b(?:(?:my|the|an?|your)\s+)?(?:{names})(?:'s|s)?\b"
        bare = " ".join(re.sub(r"\(\s*\)", " ", re.sub(pattern, " ", question)).split())
        return bare if len(stem_set(bare)) > 1 else question

    def revisions_in(self, text: str) -> tuple[str, ...]:
        """Return the revisions named in a text: "revision B", or B right behind a product."""
        possible = [revision for revision in self.revisions if revision in text]
        if not possible:
            return ()
        before = "|".join(["revision", "rev\\.?", "version", *(re.escape(name) for name in self.products)])
        return tuple(
            revision
            for revision in possible
            if re.search(rf"(?i:\b(?:{before})) (?:(?i:revision|rev\.?) )?{re.escape(revision)}(?!\w)", text)
        )

    def _share(self, stem: str, base: str) -> float:
        return self.frequencies[base].get(stem, 0) / max(1, self.totals[base])


def read_lexicon(chunks: Mapping[str, Sequence[Chunk]]) -> Lexicon:
    """Count the words of every base's chunks."""
    frequencies = {
        base: dict(Counter(stem for chunk in found for stem in _stems(chunk)))
        for base, found in chunks.items()
    }
    everything = [chunk.metadata for found in chunks.values() for chunk in found]
    return Lexicon(
        totals={base: len(found) for base, found in chunks.items()},
        frequencies=frequencies,
        products=_longest_first(name for metadata in everything for name in metadata.products),
        revisions=tuple(sorted({metadata.revision for metadata in everything if metadata.revision})),
    )


def join(lexicons: Sequence[Lexicon], *, bases: Iterable[str]) -> Lexicon:
    """Return the lexicon of all the chunks that several were read from; each knows every base."""
    frequencies: dict[str, Counter[str]] = {base: Counter() for base in bases}
    for one in lexicons:
        for base, found in one.frequencies.items():
            frequencies[base].update(found)
    return Lexicon(
        totals={base: sum(one.totals[base] for one in lexicons) for base in frequencies},
        frequencies=frequencies,
        products=_longest_first(name for one in lexicons for name in one.products),
        revisions=tuple(sorted({revision for one in lexicons for revision in one.revisions})),
    )


def _longest_first(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names), key=lambda name: (-len(name), name)))


def _stems(chunk: Chunk) -> frozenset[str]:
    return stem_set(chunk.embedding_text)
