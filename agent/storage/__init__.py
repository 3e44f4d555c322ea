"""What outlives a process: threads, messages, runs with their events, feedback, hand-offs and keys."""
