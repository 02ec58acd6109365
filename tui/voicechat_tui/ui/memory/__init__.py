"""What the app remembers between runs, in a file that all apps of a login share."""
