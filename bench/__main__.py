"""`python -m bench [NAME ...]`: measure all, or what is named.

A number behind `faults` says how many requests are to be faulted, behind `guard` how many mutants to judge.
"""

import sys
from collections.abc import Callable, Iterable
from functools import partial

from bench import bombs, faults, guard, model, retrieval, serving, speed, throughput, tracing
from bench.figures import Outcome, load, machine, table

MEASUREMENTS: dict[str, Callable[[], Iterable[Outcome]]] = {
    "retrieval": retrieval.measure,
    "speed": speed.measure,
    "ingest": throughput.measure,
    "model": model.measure,
    "serving": serving.measure,
    "tracing": tracing.measure,
    "faults": faults.measure,
    "guard": guard.measure,
    "bombs": bombs.measure,
}


def main(words: list[str]) -> None:
    """Run measurements and print a table for each as soon as it is done."""
    measurements = dict(MEASUREMENTS)
    if "faults" in words[:-1] and words[-1].isdecimal():
        measurements["faults"] = partial(faults.measure, int(words.pop()))
    if "guard" in words[:-1] and words[-1].isdecimal():
        measurements["guard"] = partial(guard.measure, int(words.pop()))
    if unknown := [word for word in words if word not in measurements]:
        sys.exit(f"bench: there is no measurement {unknown[0]!r}; known: {', '.join(measurements)}")
    for name in words or measurements:
        print(f"## {name}\n\n{machine()}\n")
        print(f"{table(measurements[name]())}\n\nLoad average afterwards: {load()}.\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
