"""`python -m bench [retrieval] [speed] [ingest]`: measure all, or what is named."""

import sys
from collections.abc import Callable, Iterable

from bench import retrieval, speed, throughput
from bench.figures import Outcome, load, machine, table

MEASUREMENTS: dict[str, Callable[[], Iterable[Outcome]]] = {
    "retrieval": retrieval.measure,
    "speed": speed.measure,
    "ingest": throughput.measure,
}


def main(names: list[str]) -> None:
    """Run measurements and print a table for each as soon as it is done."""
    if unknown := [name for name in names if name not in MEASUREMENTS]:
        sys.exit(f"bench: there is no measurement {unknown[0]!r}; known: {', '.join(MEASUREMENTS)}")
    for name in names or MEASUREMENTS:
        print(f"## {name}\n\n{machine()}\n")
        print(f"{table(MEASUREMENTS[name]())}\n\nLoad average afterwards: {load()}.\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
