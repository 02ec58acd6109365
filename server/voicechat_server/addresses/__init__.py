"""Hosts, origins and addresses: under which names the server is reached, and by which pages."""
