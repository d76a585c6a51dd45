"""The rules that only some proofs need. ``bcv.checker.library`` says which one is used for what.

The checker's verdict depends on the files in here that a proof uses, and on no other one.
"""
