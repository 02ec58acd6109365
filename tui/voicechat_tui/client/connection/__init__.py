"""What speech and chat share: addresses, the way to a server, its sockets, and when to try again."""
