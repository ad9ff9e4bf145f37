"""What pages are made of: each reads from top to bottom as it looks."""
