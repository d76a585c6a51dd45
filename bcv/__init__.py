"""bcv, the barrier-certificate validator: says if a certificate is right, and why."""

__version__ = "0.1.0"
