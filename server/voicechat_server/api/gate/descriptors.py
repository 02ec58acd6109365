"""The limit of files and sockets that this process may have open."""

import sys

KEPT_BACK = 128
"""Descriptors reserved for other uses: the database, the model's files, the server's own sockets."""

if sys.platform == "win32":

    def allow_many() -> None:
        """Do nothing: the system sets no limit."""

    def connections_possible() -> int:
        """Return how many connections are possible."""
        return sys.maxsize

else:
    import resource

    def allow_many() -> None:
        """Raise the limit to the maximum that the system allows."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

    def connections_possible() -> int:
        """Return how many connections are possible."""
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if limit == resource.RLIM_INFINITY:
            return sys.maxsize
        return max(limit - KEPT_BACK, limit // 2)
