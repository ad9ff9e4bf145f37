"""Model card and data card."""
