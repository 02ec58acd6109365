"""What keeps the state behind the screens, and acts on it."""
