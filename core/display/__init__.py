"""How results look and read: figures, tables, sentences."""
