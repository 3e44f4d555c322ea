"""Plays a recording: what is outside of the graph, answered by what was answered then."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from agent.reasoning import LanguageModels, Outside
from agent.recording import ports
from agent.recording.attachments import Attachments
from agent.recording.chat import TapedChat
from agent.recording.errors import Unplayable, repeated
from agent.recording.judging import TapedClassifier, TapedExamples, TapedSqlExamples
from agent.recording.recording import Call, Json, Recording
from agent.recording.setup import settings_from
from agent.recording.tape import CallNote
from agent.recording.values import Encoder, key_of
from graph.reasoning.local.lexicon import Lexicon
from tools.errors import InvalidInput

_DEEPEST = 50
_READ_LEXICON = ports.reader(Lexicon)


class Unanswered(Unplayable):
    """Something is asked that the recording does not answer."""

    def __init__(self, call: CallNote, request: Json) -> None:
        """Keep what was asked."""
        super().__init__(f"{call.port}.{call.method} was asked something that it was not asked then")
        self.port, self.method, self.request = call.port, call.method, request


class Player:
    """Answers calls from a recording, equal ones in their order; implements `Answering`."""

    def __init__(self, recording: Recording, *, strict: bool) -> None:
        """Take a recording; a strict player raises `Unanswered` where it has no answer."""
        self._recording = recording
        self._strict = strict
        self._encoder = Encoder(Attachments())
        self._answers: dict[str, deque[Call]] = {}
        for call in sorted(recording.calls, key=lambda call: call.number):
            if call.within is None:
                self._answers.setdefault(call.key, deque()).append(call)

    def find(self, call: CallNote) -> Call | None:
        """Return the recorded call that is equal; the last of several answers from then on."""
        request = self._encoder.json(call.request)
        answers = self._answers.get(key_of(call.port, call.method, request))
        if answers:
            return answers.popleft() if len(answers) > 1 else answers[0]
        if self._strict:
            raise Unanswered(call, request)
        return None

    def restore(self, call: Call) -> Json:
        """Return what it was answered with; raises what it ended with."""
        if (error := repeated(call)) is not None:
            raise error
        return whole(call.response, self._recording.attachments)


def whole(value: Json, attachments: Mapping[str, Json], *, depth: int = 0) -> Json:
    """Return a value with its attachment in place; only whole answers are attached.

    Raises:
        InvalidInput: The recording does not hold it.
    """
    if isinstance(value, Mapping) and set(value) == {"$attachment"} and depth < _DEEPEST:
        digest = str(value["$attachment"])
        if digest not in attachments:
            raise InvalidInput(f"the recording lacks its attachment {digest[:40]!r}; export the run again")
        return attachments[digest]
    return value


def lexicon_of(recording: Recording) -> Lexicon:
    """Return the words of the documents as the run knew them.

    Raises:
        InvalidInput: They cannot be read.
    """
    try:
        return _READ_LEXICON(recording.attachments[recording.knowledge])
    except (KeyError, ValueError) as error:
        raise InvalidInput("the recording lacks what was known of the documents; export it again") from error


def setup_in(recording: Recording) -> Mapping[str, Json]:
    """Return the configuration that the run was made with.

    Raises:
        InvalidInput: The recording does not hold it.
    """
    setup = recording.attachments.get(recording.setup)
    if not isinstance(setup, Mapping):
        raise InvalidInput("the recording lacks its configuration; export the run again")
    return setup


def played(recording: Recording) -> Outside:
    """Return what is outside of the graph, of which nothing is there but the recording.

    Raises:
        InvalidInput: The recording lacks something.
        ConfigurationError: Its configuration cannot be read.
    """
    setup, lexicon = setup_in(recording), lexicon_of(recording)
    settings, nothing = settings_from(setup), _Nothing()
    database = _PlayedDatabase(str(setup.get("dialect") or "sqlite")) if settings.database else None
    return Outside(
        store=ports.TapedStore(nothing),
        embedder=ports.TapedEmbedder(nothing),
        similarity=ports.TapedSimilarity(nothing),
        catalog=ports.TapedCatalog(nothing) if settings.database and settings.database.queries else None,
        database=database,
        reranker=ports.TapedReranker(nothing) if settings.models.reranker else None,
        clock=ports.TapedClock(nothing),
        classifier=lambda _: PlayedClassifier(lexicon, tuple(settings.knowledge_bases), nothing),
        models=_models(setup) if settings.mode == "llm" else None,
    )


class PlayedClassifier(TapedClassifier):
    """A router of which the words are those of the recording."""

    def __init__(self, lexicon: Lexicon, bases: tuple[str, ...], inner: Any) -> None:  # noqa: ANN401 - may be nothing
        """Take the words; what is asked beyond the recording goes to `inner`."""
        super().__init__(inner)
        self._lexicon = lexicon
        self._bases = bases

    @property
    def bases(self) -> tuple[str, ...]:
        """Names of the knowledge bases."""
        return self._bases

    @property
    def lexicon(self) -> Lexicon:
        """Words of the documents."""
        return self._lexicon


class _PlayedDatabase(ports.TapedDatabase):
    def __init__(self, dialect: str) -> None:
        super().__init__(_Nothing())
        self._dialect = dialect

    @property
    def dialect(self) -> str:
        return self._dialect


class _PlayedChat(TapedChat):
    def __init__(self, name: str) -> None:
        super().__init__(_Nothing())
        self._name = name

    @property
    def name(self) -> str:
        return self._name


def _models(setup: Mapping[str, Json]) -> LanguageModels:
    tables = ports.reader(tuple[tuple[str, str], ...])(setup.get("tables") or ())
    return LanguageModels(
        chat=_PlayedChat,
        examples=TapedExamples(_Nothing()),
        sql_examples=TapedSqlExamples(_Nothing()),
        tables=tables,
    )


class _Nothing:
    """Stands where something is in earnest; whoever gets here asks without a recording."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - it has nothing of any type
        raise NothingThere(f"{name} is not there when a recording is played; open the installation for it")


class NothingThere(Unplayable):
    """A call would have to be made, and nothing is open to make it."""
