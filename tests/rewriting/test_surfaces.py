"""Does a square factor that is 0 on the claim's surface stay in the claim?"""

from __future__ import annotations

import time

from bcv import expr as ex
from bcv.engines.branch_and_bound import BranchAndBound
from bcv.engines.engine import Budget
from bcv.engines.lifting import Lifting
from bcv.engines.sum_of_squares import SumOfSquaresEngine
from bcv.events import ignore
from bcv.formats.expression import parse_constraint, parse_expression
from bcv.obligation import Obligation
from bcv.outcome import Hints, Proved
from bcv.region import UNBOUNDED, region

NAMES = {name: ex.var(name) for name in "xy"}


def test_minus_a_square_is_proved_where_it_is_0() -> None:
    """-(x + abs(y))**2 >= 0 says -1 >= 0 without its square."""
    where = region(("x", "y"), (UNBOUNDED,) * 2, parse_constraint("abs(y) == -x", NAMES))
    claim = Obligation("claim", "", "", where, parse_expression("-(x + abs(y))**2", NAMES), False)
    engine = Lifting(SumOfSquaresEngine(), BranchAndBound())
    outcome = engine.discharge(claim, Hints(), Budget(time.monotonic() + 5), ignore)
    assert isinstance(outcome, Proved)
