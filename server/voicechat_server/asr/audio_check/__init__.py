"""Signs that a client sends something other than 16-bit mono speech."""
