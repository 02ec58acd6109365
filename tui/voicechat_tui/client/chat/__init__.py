"""A chat as a client sees it: connection, history, live messages, and a timeline to show."""
