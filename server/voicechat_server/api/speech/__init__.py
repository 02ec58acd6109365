"""The speech WebSocket, `/ws`."""
