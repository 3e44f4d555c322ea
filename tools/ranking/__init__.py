"""What happens to hits between the engine and the answer: fuse, deduplicate, apply rules, pack."""
