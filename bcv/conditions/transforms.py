"""What is the exact mean of exp, sin, cos, sinh, cosh of something affine in the noise?

Soundness depends on this file: a mean that is too low makes a false bound on a probability.
Source: Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions (moment generating and
characteristic functions).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from bcv import expr as ex
from bcv.conditions.moments import moment
from bcv.conditions.terms import TooManyTermsError, terms_in
from bcv.expr import Expr, Op
from bcv.problem import Distribution, Exponential, Normal, Uniform

_WAVES: Final = frozenset({Op.SIN, Op.COS})
_HYPERBOLIC: Final = frozenset({Op.SINH, Op.COSH})


@dataclass(frozen=True, slots=True)
class _Affine:
    """slope * w + offset, the operand of a function of the noise w."""

    slope: Expr
    offset: Expr


def mean_of_functions(root: Expr, name: str, law: Distribution) -> Expr | None:
    """The mean over one continuous noise w; None if it has no closed form here.

    The expression must be a sum of products of powers of w, exponentials of affine operands and
    at most one sine or cosine of such; what is free of w counts as constant.
    """
    functions: dict[str, Expr] = {}
    plain = _with_names(_by_exponentials(root, name), name, functions)
    names = (name, *functions)
    operands = {key: _affine(node.args[0], name) for key, node in functions.items()}
    try:
        terms = terms_in(plain, names)
    except TooManyTermsError:
        return None
    if terms is None or None in operands.values():
        return None
    total = ex.ZERO
    for (order, *powers), coefficient in terms.items():
        counts = zip(functions, powers, strict=True)
        mean = _term_mean(order, [(functions[k], operands[k], n) for k, n in counts if n], law)
        if mean is None:
            return None
        total = total + coefficient * mean
    return total


def _by_exponentials(root: Expr, name: str) -> Expr:
    """sinh and cosh by exponentials, and quotients by exponentials as products."""
    done: dict[Expr, Expr] = {}
    for node in ex.postorder(root):
        args = tuple(done[argument] for argument in node.args)
        if node.op in _HYPERBOLIC and name in ex.variables(node):
            rising, falling = ex.apply(Op.EXP, args[0]), ex.apply(Op.EXP, -args[0])
            both = rising + falling if node.op is Op.COSH else rising - falling
            done[node] = both / ex.const(2)
        elif node.op is Op.DIV and args[1].op is Op.EXP:
            done[node] = args[0] * ex.apply(Op.EXP, -args[1].args[0])
        else:
            done[node] = ex.rebuild(node, args)
    return done[root]


def _with_names(root: Expr, name: str, functions: dict[str, Expr]) -> Expr:
    """Variables in the place of functions of w, which are entered in ``functions``."""
    done: dict[Expr, Expr] = {}
    for node in ex.postorder(root):
        if (node.op is Op.EXP or node.op in _WAVES) and name in ex.variables(node):
            key = f" {len(functions)}"  # no user's name begins with a blank
            functions[key], done[node] = node, ex.var(key)
        else:
            done[node] = ex.rebuild(node, tuple(done[argument] for argument in node.args))
    return done[root]


def _affine(operand: Expr, name: str) -> _Affine | None:
    terms = terms_in(operand, (name,))
    if terms is None or any(order > 1 for (order,) in terms):
        return None
    return _Affine(terms.get((1,), ex.ZERO), terms.get((0,), ex.ZERO))


def _term_mean(
    order: int, factors: list[tuple[Expr, _Affine | None, int]], law: Distribution
) -> Expr | None:
    """E[w**order * the product of function**n]."""
    slope = offset = ex.ZERO
    waves = []
    for function, operand, n in factors:
        assert operand is not None
        if function.op is Op.EXP:
            slope = slope + ex.const(n) * operand.slope
            offset = offset + ex.const(n) * operand.offset
        else:
            waves += [(function.op, operand)] * n
    if not waves:
        return _exponential_mean(order, _Affine(slope, offset), law)
    if len(waves) > 1 or order or len(factors) > 1:
        return None
    return _wave_mean(*waves[0], law)


def _exponential_mean(order: int, of: _Affine, law: Distribution) -> Expr | None:
    """E[w**order * exp(slope*w + offset)].

    Normal: the factor exp(slope*w) moves the mean by slope * variance; exponential: it takes the
    slope from the rate, which must stay positive; uniform: the integral of exp.
    """
    a, b = of.slope, of.offset
    constant = a.constant
    match law:
        case Normal(mean, std):
            shift = a * std**2
            weight = ex.apply(Op.EXP, b + a * mean + a * shift / ex.const(2))
            return weight * moment(Normal(mean + shift, std), order)
        case Exponential(rate) if rate.constant is not None and constant is not None:
            left = rate.constant - constant
            if left <= 0:
                return None
            weight = ex.const(rate.constant / left) * ex.apply(Op.EXP, b)
            return weight * moment(Exponential(ex.const(left)), order)
        case Uniform(lo, hi) if not constant and constant is not None:
            return ex.apply(Op.EXP, b) * moment(law, order)
        case Uniform(lo, hi) if not order and _is_interval(lo, hi) and constant is not None:
            ends = ex.apply(Op.EXP, a * hi + b) - ex.apply(Op.EXP, a * lo + b)
            return ends / (a * (hi - lo))
    return None


def _wave_mean(op: Op, of: _Affine, law: Distribution) -> Expr | None:
    """E[sin(slope*w + offset)], or of cos: parts of the characteristic function."""
    a, b = of.slope, of.offset
    match law:
        case Normal(mean, std):
            return ex.apply(Op.EXP, -((a * std) ** 2) / ex.const(2)) * ex.apply(op, a * mean + b)
        case Exponential(rate):
            sine, cosine = ex.apply(Op.SIN, b), ex.apply(Op.COS, b)
            turned = rate * cosine - a * sine if op is Op.COS else rate * sine + a * cosine
            return rate * turned / (rate**2 + a**2)
        case Uniform(lo, hi) if _is_interval(lo, hi) and a.constant:
            if op is Op.COS:
                ends = ex.apply(Op.SIN, a * hi + b) - ex.apply(Op.SIN, a * lo + b)
            else:
                ends = ex.apply(Op.COS, a * lo + b) - ex.apply(Op.COS, a * hi + b)
            return ends / (a * (hi - lo))
    return None


def _is_interval(lo: Expr, hi: Expr) -> bool:
    return lo.constant is not None and hi.constant is not None and lo.constant < hi.constant
