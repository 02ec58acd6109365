"""The headless command: recordings and pipes in, text out. Data goes to stdout, notes to stderr."""
