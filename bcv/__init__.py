"""bcv, the barrier-certificate validator: says if a certificate is right, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bcv.api import Context, load, validate

__version__ = "0.1.0"
__all__ = ["Context", "__version__", "load", "validate"]


def __getattr__(name: str) -> object:
    # Imported when first used, so that `import bcv` and `bcv --version` stay light.
    if name in ("Context", "load", "validate"):
        from bcv import api

        return getattr(api, name)
    raise AttributeError(f"module 'bcv' has no attribute {name!r}")
