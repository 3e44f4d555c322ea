"""Token counts and token-sized splits, with the bundled tokenizer."""

from functools import lru_cache
from pathlib import Path
from typing import Protocol

from semantic_text_splitter import MarkdownSplitter
from tokenizers import Tokenizer

TOKENIZER_FILE = Path(__file__).parent.parent / "models" / "minilm" / "tokenizer.json"


class Tokens(Protocol):
    """Measures text in tokens."""

    def count(self, text: str) -> int:
        """Return the number of tokens, without the model's special ones."""

    def split(self, text: str, *, capacity: int) -> list[tuple[int, str]]:
        """Cut Markdown into pieces of at most `capacity` tokens, each with its character offset."""

    def windows(self, text: str, *, capacity: int) -> list[tuple[int, int]]:
        """Return start and end, in characters, of stretches of `capacity` tokens one after the other."""


class BundledTokens:
    """Counts as the bundled embedder does; safe to share between threads."""

    def __init__(self, file: Path = TOKENIZER_FILE) -> None:
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(file))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self._splitter = lru_cache(maxsize=8)(self._new_splitter)

    def count(self, text: str) -> int:
        """Return the number of tokens, without the model's special ones."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def split(self, text: str, *, capacity: int) -> list[tuple[int, str]]:
        """Cut Markdown into pieces of at most `capacity` tokens, each with its character offset."""
        pieces: list[tuple[int, str]] = self._splitter(capacity).chunk_indices(text)
        return pieces

    def windows(self, text: str, *, capacity: int) -> list[tuple[int, int]]:
        """Return start and end, in characters, of stretches of `capacity` tokens one after the other."""
        offsets = self._tokenizer.encode(text, add_special_tokens=False).offsets
        firsts = range(0, len(offsets), capacity)
        return [(offsets[first][0], offsets[min(first + capacity, len(offsets)) - 1][1]) for first in firsts]

    def _new_splitter(self, capacity: int) -> MarkdownSplitter:
        return MarkdownSplitter.from_huggingface_tokenizer(self._tokenizer, capacity)
