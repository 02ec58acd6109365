"""The server's logs: their form, their bounds, and the crashes they must not miss."""
