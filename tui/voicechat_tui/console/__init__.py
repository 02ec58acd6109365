"""What terminal commands have in common: the screen, Ctrl+C, exit statuses."""
