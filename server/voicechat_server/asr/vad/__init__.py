"""Voice activity detection, and where it cuts a stream into segments."""
