"""The server's logs: their form, their bounds, and crashes nobody waits for."""
