"""The speech stream as a client sees it: a core without I/O, and the socket that serves it."""
