"""Where the client keeps its files, and how it writes them."""
