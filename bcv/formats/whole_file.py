"""How is a file written so that nobody ever sees half of it?

Soundness does not depend on this file; that no proof, page or checkpoint is lost does.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from bcv.errors import BcvError, Place


def write_whole(path: Path, content: bytes | str, error: type[BcvError] = BcvError) -> None:
    """Write the content so that the path holds all of it, or still what was there before.

    The bytes are on the disk when this returns, and the file has a plain new file's permissions.

    Raises:
        error: it cannot be written (no space, no such folder, no permission).
    """
    import tempfile  # not at start-up: every validation imports this module

    data = content.encode() if isinstance(content, str) else content
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _readable_like_others(temporary)
        os.replace(temporary, path)
    except OSError as failure:
        reason = f"the file cannot be written: {failure.strerror or failure}"
        raise error(reason, place=Place(str(path))) from None
    finally:
        with suppress(OSError):
            os.unlink(temporary)


def _readable_like_others(name: str) -> None:
    mask = os.umask(0)
    os.umask(mask)
    os.chmod(name, 0o666 & ~mask)
