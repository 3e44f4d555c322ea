"""What one question did, kept so that it can be looked at, replayed and changed."""
