"""Colours, and how characters are measured and drawn."""
