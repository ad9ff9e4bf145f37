"""From the bytes of a file to an upright greyscale radiograph."""
