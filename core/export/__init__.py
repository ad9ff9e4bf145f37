"""What a user takes away."""
