"""Letters that must be sent because something was committed."""
