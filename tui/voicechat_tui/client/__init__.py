"""A client of the server without a user interface: speech, chat, and HTTP calls."""
