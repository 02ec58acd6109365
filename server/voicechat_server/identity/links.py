"""Invitations as links. What is behind `#` stays with whoever opens a link: no proxy sees it."""

PART = "invitation="


def invitation_link(server: str, invitation: str) -> str:
    """Return the link of an invitation to a server."""
    return f"{server.rstrip('/')}/#{PART}{invitation}"
