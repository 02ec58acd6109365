"""Streaming speech recognition: models, stepping, endpointing, sessions and the thread that owns them."""
