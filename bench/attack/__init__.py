"""What strangers may try, and whether anybody else feels it."""
