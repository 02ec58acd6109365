"""How many streams this machine can carry, and which of them it carries now."""
