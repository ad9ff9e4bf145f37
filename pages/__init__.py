"""Pages and the widgets that they share."""
