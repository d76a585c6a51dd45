"""Bytes by key: what was computed once is kept in memory, in a file, or in both.

Soundness does not depend on this package: ``bcv.recall`` re-checks what comes out of it.
"""
