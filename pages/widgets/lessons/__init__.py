"""The widgets of the page Lessons."""
