"""`python -m bench.peak COMMAND...`: run a command and print what it used as JSON.

Linux counts the memory of the process that starts a command as the command's own, so this one stays small.
"""

import json
import resource
import subprocess
import sys
import time

RSS_UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes in a unit of `ru_maxrss`."""


def main(command: list[str]) -> None:
    """Run the command with this standard input; its standard output is dropped."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime
    print(json.dumps({"seconds": seconds, "processor": processor, "bytes": used.ru_maxrss * RSS_UNIT}))


if __name__ == "__main__":
    main(sys.argv[1:])
