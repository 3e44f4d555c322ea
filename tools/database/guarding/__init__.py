"""What the guard is made of: the form of a statement, its names, and what an asker may see."""
