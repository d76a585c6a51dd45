"""What must be shown? From a problem to its obligations, one file per class of conditions.

Soundness depends on this package: it gives the problem file its meaning.
"""

from bcv.conditions.conditions import Conditions, Probability
from bcv.conditions.plan import obligations_of

__all__ = ["Conditions", "Probability", "obligations_of"]
