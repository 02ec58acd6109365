"""What all WebSockets share, whatever is said over them."""
