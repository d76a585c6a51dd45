"""Which engine next, and for how long? Forecasts from an obligation's structure, and from history.

Soundness does not depend on this package: it orders attempts and forbids none.
"""
