"""The headless command: recordings and pipes in, text out. Data goes to stdout, talk to stderr."""
