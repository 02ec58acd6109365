"""Importing without a look for garbage in between.

What is imported stays for good. Looking through it again and again, as Python does meanwhile, takes a fifth
of the time until the app's first picture. The command line imports this module before the rest of the client,
and calls `end` after it.
"""

import gc

gc.disable()


def end() -> None:
    """Look for garbage again."""
    gc.enable()
