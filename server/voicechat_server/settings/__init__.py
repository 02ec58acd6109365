"""The settings of the server: one typed class, and the rules between them."""
