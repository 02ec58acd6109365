"""Benchmarks of the recogniser and the chat, compared with other systems on the same machine."""
