"""How many files and sockets this process may have open."""

import sys

KEPT_BACK = 128
"""What the server needs besides connections: the database, the model's files, its own sockets."""

if sys.platform == "win32":

    def allow_many() -> None:
        """Do nothing: the system sets no limit."""

    def connections_possible() -> int:
        """Return how many connections there may be."""
        return sys.maxsize

else:
    import resource

    def allow_many() -> None:
        """Raise the limit to what the system lets this process have."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def connections_possible() -> int:
        """Return how many connections there may be."""
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit == resource.RLIM_INFINITY:
            return sys.maxsize
        return max(limit - KEPT_BACK, limit // 2)
