"""What runs in the browser: a folder each, with its HTML, CSS and JavaScript."""
