"""Scenarios: several speakers, each with steps to play and texts to expect."""
