"""Streams of speech as the event loop sees them, and what connections do with them."""
