"""Measurements of the recogniser and the chat, beside other systems on the same machine."""
