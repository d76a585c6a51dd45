"""Which simpler claims imply a claim with sin, exp, sqrt, abs, quotients? Exact reductions.

Soundness: each reduction is written into the evidence, and the checker has a rule for it.
"""
