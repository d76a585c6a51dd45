"""Finding counterexamples: sampling, descent, and the step from floats to exact witnesses.

Soundness does not depend on this package: what it finds counts only once
``bcv.enclosures.exact`` has verified it.
"""
