"""PNG, JPEG, TIFF, WebP, BMP and HEIC files."""
