"""Who is logged in, for those who do not say who they are."""

import getpass
import os


def login_name() -> str:
    """Return the name of the login, or one made of its number where it has no name, as in many containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return f"user{os.getuid()}" if hasattr(os, "getuid") else "user"
