"""Where the networks run, and how the engine's files come about."""
