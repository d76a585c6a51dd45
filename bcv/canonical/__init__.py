"""Is this the same claim as that one? Normal forms, names for variables, digests, implication."""
