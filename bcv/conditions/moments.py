"""What are the moments of the noise?

Soundness depends on this file: a mean that is too low makes a false bound on a probability.
"""

from __future__ import annotations

import math

from bcv import expr as ex
from bcv.expr import Expr
from bcv.problem import Distribution, Exponential, Normal, Uniform


def moment(distribution: Distribution, order: int) -> Expr:
    """E[w**order], exact.

    Normal: the sum over even j of binom(k, j) mean**(k-j) std**j (j-1)!!; uniform: the sum of
    lo**j hi**(k-j) over j = 0..k, divided by k + 1 (right also where lo = hi); exponential:
    k!/rate**k. Source: Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions, vol. 1.
    """
    k = order
    match distribution:
        case Normal(mean, std):
            total = ex.ZERO
            for j in range(0, k + 1, 2):
                pairings = math.prod(range(1, j, 2))
                weight = ex.const(math.comb(k, j) * pairings)
                total = total + weight * (mean ** (k - j) * std**j)
            return total
        case Uniform(lo, hi):
            total = ex.ZERO
            for j in range(k + 1):
                total = total + lo**j * hi ** (k - j)
            return total / ex.const(k + 1)
        case Exponential(rate):
            return ex.const(math.factorial(k)) / rate**k
        case _:
            total = ex.ZERO
            for value, probability in distribution.outcomes:
                total = total + ex.const(probability) * value**k
            return total
