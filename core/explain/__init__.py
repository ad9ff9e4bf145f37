"""Where a backbone looked."""
