"""What a person can do, and with which keys."""
