"""What commands in a terminal have in common: the screen, Ctrl+C, exit statuses."""
