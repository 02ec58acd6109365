"""The settings of the client: one typed class, a TOML file, and environment variables that override it."""
