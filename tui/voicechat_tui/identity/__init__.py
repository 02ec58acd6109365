"""Who the person is to each server: the tokens that are kept, and the one that a connection presents."""
