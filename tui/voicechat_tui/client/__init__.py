"""The speech stream as a client sees it: connection, resume and typed events, without a terminal."""
