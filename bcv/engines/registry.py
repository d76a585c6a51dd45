"""Which engines are there? One line each; nothing heavy is imported before it is used.

Soundness does not depend on this file.
"""
