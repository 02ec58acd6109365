"""Scripted scenes: several speakers, each with steps to play and texts to expect."""
