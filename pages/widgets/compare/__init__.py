"""The widgets of the page Compare."""
