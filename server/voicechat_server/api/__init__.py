"""HTTP and WebSocket edges of the server: receive, call the core, send."""
