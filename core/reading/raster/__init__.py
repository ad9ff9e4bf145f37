"""PNG, JPEG, TIFF, BMP and HEIC files."""
