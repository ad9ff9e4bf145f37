"""The images to learn from and to measure on."""
