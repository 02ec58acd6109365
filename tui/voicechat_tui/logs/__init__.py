"""The client's log."""
