"""What stands between strangers and the app: how much, how fast and for how long anybody may send."""
