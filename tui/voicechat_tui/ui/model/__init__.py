"""What the screens show, as plain data: no widget, no connection, time from outside."""
