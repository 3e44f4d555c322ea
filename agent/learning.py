"""Teach the local classifier from the installation's own content, and remember what it learned.

Learning takes about a second and is repeated only when something it learns from has changed. What was
learned is kept as numbers and JSON, never as code.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy

from agent.settings import Settings
from graph.reasoning.local.audiences import Routers, Share, shares_of
from graph.reasoning.local.lexicon import Lexicon, join
from graph.reasoning.local.logistic import Logistic
from graph.reasoning.local.router import Place, Router, learn, off_topic
from tools.errors import ConfigurationError
from tools.knowledge.manifest import Manifest
from tools.ports import Embedder, Matrix, Store
from tools.private import make_folder

VERSION = 9
"""Raise it when the router's training changes."""
SAMPLED_CHUNKS = 5000
"""Chunks of one base that are learned from."""
SAMPLED_HEADINGS = 150
"""Headings of one base that stand in for questions."""
DATABASE = "database"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Learned:
    """A router that knows everything, and whose documents it knows it from."""

    router: Router
    shares: Sequence[Share]


def routers_for(settings: Settings, *, store: Store, manifest: Manifest, embedder: Embedder) -> Routers:
    """Return the routers for the present content, learning anew only if needed."""
    folder = settings.folder / "router"
    fingerprint = _fingerprint(settings, manifest, embedder)
    learned = _remembered(folder, fingerprint)
    if learned is None:
        learned = _learn(settings, store, embedder)
        _remember(folder, fingerprint, learned)
    return Routers(learned.router, learned.shares)


def _learn(settings: Settings, store: Store, embedder: Embedder) -> _Learned:
    bases = settings.knowledge_bases
    samples = {name: store.sample(name, limit=SAMPLED_CHUNKS) for name in bases}
    shares = shares_of({name: chunks for name, (chunks, _) in samples.items()})
    lexicon = join([share.lexicon for share in shares], bases=bases)
    places = [
        _place(name, base.description or name, base.examples, samples[name][1], embedder)
        for name, base in bases.items()
    ]
    examples: dict[str, Sequence[str]] = {name: base.examples for name, base in bases.items()}
    if settings.database is not None:
        asked = [
            example for query in settings.database.queries for example in (*query.examples, query.description)
        ]
        words = [f"{name}: {text}" for name, text in settings.database.descriptions.items()]
        places.append(
            _place(
                DATABASE, settings.database.description or DATABASE, asked, _embed(words, embedder), embedder
            )
        )
        examples[DATABASE] = asked
    headings = {
        name: _evenly(sorted({chunk.section[-1] for chunk in chunks if chunk.section}), SAMPLED_HEADINGS)
        for name, (chunks, _) in samples.items()
    }
    router = learn(
        places, bases=tuple(bases), lexicon=lexicon, examples=examples, headings=headings, embedder=embedder
    )
    return _Learned(router=router, shares=shares)


def _place(name: str, description: str, examples: Sequence[str], chunks: Matrix, embedder: Embedder) -> Place:
    return Place(
        name=name,
        description=_embed([description], embedder),
        examples=_embed(examples, embedder),
        chunks=chunks,
    )


def _embed(texts: Sequence[str], embedder: Embedder) -> Matrix:
    if not texts:
        return numpy.zeros((0, embedder.dimension), dtype=numpy.float32)
    return embedder.embed(texts)


def _evenly(items: Sequence[str], count: int) -> list[str]:
    """Return at most `count` items, spread evenly."""
    step = max(1, -(-len(items) // count))
    return list(items[::step])


def _fingerprint(settings: Settings, manifest: Manifest, embedder: Embedder) -> str:
    digest = hashlib.sha256()
    for text in _learned_from(settings, manifest, embedder):
        digest.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return digest.hexdigest()


def _learned_from(settings: Settings, manifest: Manifest, embedder: Embedder) -> Iterable[str]:
    yield f"{VERSION} {embedder.name}"
    yield from off_topic()
    for name, base in settings.knowledge_bases.items():
        yield from (name, base.description, *base.examples)
        entries = manifest.entries(name)
        yield from (
            f"{source} {entries[source].content} {entries[source].pipeline}" for source in sorted(entries)
        )
    if settings.database is not None:
        yield from (settings.database.description, json.dumps(settings.database.descriptions))
        for query in settings.database.queries:
            yield from (query.name, query.description, *query.examples)


def _remember(folder: Path, fingerprint: str, known: _Learned) -> None:
    router = known.router
    arrays = {
        f"{kind}_{number}": getattr(place, kind)
        for number, place in enumerate(router.places)
        for kind in ("description", "examples", "chunks")
    }
    learned = {
        "fingerprint": fingerprint,
        "places": [place.name for place in router.places],
        "bases": router.bases,
        "shares": [asdict(share) for share in known.shares],
        "belongs": asdict(router.belongs),
        "in_scope": asdict(router.in_scope),
    }
    arrays["learned"] = numpy.frombuffer(json.dumps(learned).encode(), dtype=numpy.uint8)
    try:
        make_folder(folder)
        unfinished = folder / "router.npz.part"
        with unfinished.open("wb") as file:
            numpy.savez(file, **arrays)
        unfinished.replace(folder / "router.npz")
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: cannot be written ({error.strerror}); see that it is a folder with room, or remove it"
        ) from error


def _remembered(folder: Path, fingerprint: str) -> _Learned | None:
    """Return what is remembered, or None when there is none for this content or it cannot be read."""
    try:
        with (folder / "router.npz").open("rb") as file, numpy.load(file, allow_pickle=False) as arrays:
            learned = json.loads(arrays["learned"].tobytes())
            if learned["fingerprint"] != fingerprint:
                return None
            return _restored(learned, arrays)
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile):
        return None  # learning it anew is the remedy


def _restored(learned: Mapping[str, Any], arrays: Mapping[str, Matrix]) -> _Learned:
    shares, bases = [_share(values) for values in learned["shares"]], tuple(learned["bases"])
    router = Router(
        places=tuple(
            Place(
                name=name,
                description=arrays[f"description_{number}"],
                examples=arrays[f"examples_{number}"],
                chunks=arrays[f"chunks_{number}"],
            )
            for number, name in enumerate(learned["places"])
        ),
        bases=bases,
        lexicon=join([share.lexicon for share in shares], bases=bases),
        belongs=_logistic(learned["belongs"]),
        in_scope=_logistic(learned["in_scope"]),
    )
    return _Learned(router=router, shares=shares)


def _share(values: Mapping[str, Any]) -> Share:
    lexicon = values["lexicon"]
    named = {name: tuple(lexicon[name]) for name in ("products", "revisions")}
    return Share(groups=tuple(values["groups"]), lexicon=Lexicon(**{**lexicon, **named}), rows=values["rows"])


def _logistic(values: Mapping[str, Any]) -> Logistic:
    return Logistic(
        weights=tuple(values["weights"]),
        bias=values["bias"],
        mean=tuple(values["mean"]),
        scale=tuple(values["scale"]),
    )
