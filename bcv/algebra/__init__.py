"""Which exact algebra do engines share? Polynomials, positivity identities and their search.

Soundness: ``identity`` decides exactly; everything else only proposes.
"""
