"""What the messages of a chat completion say."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from agent.api.openai_models import CompletionTaken, SaidTaken
from agent.footnotes import without_footnotes
from agent.storage.records import Earlier
from tools.errors import InvalidInput

MOST_EARLIER = 50
"""Exchanges that are passed on, the latest."""
LONGEST_EARLIER = 16_000
"""Characters of one text among them that are passed on."""
_ENDS_OF_LINES = re.compile(r"\r\n?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """Something the user or the assistant said."""

    role: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What the messages of a request say."""

    question: str
    before: tuple[Saying, ...]
    """Everything before the question, as it was sent."""

    @property
    def fingerprint(self) -> str:
        """Identify what was said before the question."""
        return _fingerprint(self.before)

    def continued(self, answer: str) -> str:
        """Identify the conversation after an answer, as the next request will send it."""
        asked, answered = Saying(role="user", text=self.question), Saying(role="assistant", text=answer)
        return _fingerprint((*self.before, asked, answered))

    @property
    def history(self) -> list[Earlier]:
        """Return the exchanges before the question, without the sources below their answers."""
        return [*_exchanges(self.before)][-MOST_EARLIER:]


def read_conversation(request: CompletionTaken) -> Conversation:
    """Return what a request says; instructions and the doings of tools are left out.

    Raises:
        InvalidInput: The last message is not the user's, or it is not text.
    """
    said = [
        Saying(role=message.role, text=_text(message, place))
        for place, message in enumerate(request.messages)
        if message.role in ("user", "assistant")
    ]
    if not said or said[-1].role != "user":
        raise InvalidInput('messages: the last one must be the question, of role "user"')
    return Conversation(question=said[-1].text, before=tuple(said[:-1]))


def _text(message: SaidTaken, place: int) -> str:
    if message.content is None:
        return ""
    if isinstance(message.content, str):
        return message.content
    foreign = {part.type for part in message.content if part.type not in ("text", "refusal")}
    if foreign:
        kinds = ", ".join(repr(kind[:40]) for kind in sorted(foreign))
        raise InvalidInput(f"messages.{place}: parts of type {kinds} cannot be read; send text")
    return "\n".join(part.text or "" for part in message.content)


def _exchanges(said: Sequence[Saying]) -> Iterator[Earlier]:
    """Pair questions with the answers that follow them; either may stand alone."""
    question = None
    for saying in said:
        text = saying.text.strip()[:LONGEST_EARLIER]
        if saying.role == "user":
            if question:
                yield Earlier(question=question, answer="")
            question = text
        elif question:
            yield Earlier(question=question, answer=without_footnotes(saying.text).strip()[:LONGEST_EARLIER])
            question = None
    if question:
        yield Earlier(question=question, answer="")


def _fingerprint(said: Sequence[Saying]) -> str:
    """Hash who said what; clients may trim what they keep, and what is empty says nothing."""
    digest = sha256()
    for saying in said:
        if text := _ENDS_OF_LINES.sub("\n", saying.text).strip():
            encoded = text.encode("utf-8", "replace")
            digest.update(f"{saying.role} {len(encoded)}\n".encode())
            digest.update(encoded)
    return digest.hexdigest()
