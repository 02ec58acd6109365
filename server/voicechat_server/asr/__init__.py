"""Streaming speech recognition, from bytes of audio to events for a client."""
