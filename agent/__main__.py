"""The process edge of the command line: errors become one line and an exit code."""

import io
import os
import sys

from tools.errors import PlumblineError, RejectedQuery

REFUSED, WRONG, INTERRUPTED = 1, 2, 130


def main() -> None:
    """Run the command named by the arguments.

    Exit codes: 0 done, 1 refused or below a gate, 2 wrong usage or configuration.
    """
    from agent.cli.app import run

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without our quotation marks still gets answers
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except RejectedQuery as error:
        code = _report(error, REFUSED)
    except PlumblineError as error:
        code = _report(error, WRONG)
    except KeyboardInterrupt:
        code = _report("interrupted; what was finished is kept", INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception as error:  # noqa: BLE001 - the outermost edge: a person gets a line, never a traceback
        code = _report(f"defect in plumbline: {type(error).__name__}: {error}; please report it", WRONG)
    sys.exit(code)


def _report(error: object, code: int) -> int:
    sys.stderr.write(f"plumbline: {' '.join(str(error).split())}\n")
    return code


if __name__ == "__main__":
    main()
