"""The HTTP calls about who somebody is."""
