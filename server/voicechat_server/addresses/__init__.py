"""Hosts, origins and public addresses: under which names the server is reached, and from which pages."""
