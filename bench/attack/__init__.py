"""What strangers might try, and whether anybody else notices."""
