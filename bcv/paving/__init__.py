"""What does branch and bound consist of? Boxes, bounds on them, splits, and the record of both.

Soundness depends on the modules that say so.
"""
