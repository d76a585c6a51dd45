"""How is bcv started? As the console script, and as `python -m bcv`.

Soundness does not depend on this file. It imports next to nothing, so that an interruption is
heard from the first moment on.
"""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130


def _leave(number: int, frame: FrameType | None) -> None:
    # An exception in the midst of an import might come out as another one, or not at all.
    os._exit(INTERRUPTED)


def main() -> None:
    """Import the command line, deaf to nothing, and run it."""
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    from bcv.cli.main import main as run

    try:
        signal.signal(signal.SIGINT, usual)
        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
