"""Two runs' answers compared one by one: by a model, or by a person who sees no names."""
