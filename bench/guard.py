"""Puts mutants of benign and hostile statements to the SQL guard, and judges what it allows.

The mutants are seeded, so a violation can be seen again. Judges are SQLite's authorizer and PostgreSQL's own
parser (pglast, which is not installed with the project because of its licence: `pip install pglast`).
"""

from collections.abc import Iterator

from bench.figures import AtMost, Figure, Outcome, Skipped
from tests.tools.database.judging import has_postgres_parser, judged_in_processes
from tools.database.schema import Dialect

MUTANTS = 1_000_000
_PER_SHARD = 25_000
_MILLISECONDS = 1_000


def measure(mutants: int = MUTANTS) -> Iterator[Outcome]:
    """Judge so many mutants, half of them for each database."""
    dialects: list[Dialect] = ["sqlite", "postgres"] if has_postgres_parser() else ["sqlite"]
    if len(dialects) == 1:
        yield Skipped(measured="mutants for PostgreSQL", reason="pglast is not installed")
    each = mutants // 2
    shards = max(1, each // _PER_SHARD)
    tally = judged_in_processes(dialects, count=each, shards=shards)
    seconds = sorted(tally.seconds)
    rounds = f"{tally.mutants} mutants"
    yield Figure(
        measured="rules broken by what is allowed",
        value=tally.broken,
        digits=0,
        target=AtMost(value=0),
        rounds=rounds,
        remark="; ".join(tally.violations[:3]).replace("|", "/"),
    )
    yield Figure(
        measured="share allowed", value=100 * tally.allowed / tally.mutants, unit="%", digits=1, rounds=rounds
    )
    for name, place, target in (
        ("median", 0.5, None),
        ("p99", 0.99, AtMost(value=5.0)),
        ("longest", 1.0, None),
    ):
        yield Figure(
            measured=f"one check, {name}",
            value=seconds[min(len(seconds) - 1, int(place * len(seconds)))] * _MILLISECONDS,
            unit="ms",
            digits=2,
            target=target,
            rounds=rounds,
            remark="time of the processor",
        )
