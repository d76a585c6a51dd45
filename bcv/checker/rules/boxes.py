"""Does a claim fail at a common zero of several functions somewhere in a box?

The checker's verdict depends on this file: the theorem of Poincare and Miranda.
"""

from __future__ import annotations

from typing import Any

from ..claims import Claim
from ..reading import entry
from ..terms import RejectedError, Terms
from .crossings import BITS, Inspection, side, surfaces
from .fixed_point import Fixed
from .intervals import Interval
from .points import coordinates, show
from .programs import Enclose, enclosures


def refute(terms: Terms, claim: Claim, data: Any) -> str:
    """As many functions as the box has sides with a length are 0 together, and the claim fails.

    Each has opposite signs on the two faces across its side, and is continuous: by the theorem of
    Poincare and Miranda they have a common zero in the box.
    """
    lower, upper = (coordinates(claim, entry(data, key)) for key in ("lower", "upper"))
    if any(lower[name] > upper[name] for name in lower):
        raise RejectedError("the witness is an empty box")
    arithmetic = Fixed(BITS)
    box = [side(arithmetic, lower[n], upper[n]) for n in lower]
    names = tuple(lower)
    left, used = surfaces(claim), []
    for i, name in enumerate(lower):
        if lower[name] == upper[name]:
            continue
        ends = (side(arithmetic, x[name], x[name]) for x in (lower, upper))
        faces = [[*box[:i], end, *box[i + 1 :]] for end in ends]
        changing = next(
            (p for p in left if _changes_sign(enclosures(terms, names, arithmetic, [p]), faces)),
            None,
        )
        if changing is None:
            raise RejectedError(f"nothing is seen to change its sign along {name[:40]}")
        left.remove(changing)
        used.append(changing)
    if not Inspection(terms, claim, used).fails_on(box):
        raise RejectedError("the claim is not seen to fail at a zero in the box")
    return f"violated at a point between {show(lower)} and {show(upper)}"


def _changes_sign(enclose: Enclose, faces: list[list[Interval]]) -> bool:
    found = [enclose(face) for face in faces]
    if found[0] is None or found[1] is None:
        return False
    (a, b), (c, d) = found[0][0], found[1][0]
    return bool((b < 0 < c) or (d < 0 < a))
