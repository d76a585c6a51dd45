"""How is bcv run as `python -m bcv`? By the same function as the console script.

Soundness does not depend on this file.
"""

from bcv.cli.main import main

if __name__ == "__main__":
    main()
