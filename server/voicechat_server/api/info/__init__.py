"""The HTTP calls that describe the server and its state."""
