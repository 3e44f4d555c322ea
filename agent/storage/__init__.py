"""What outlives a process: threads, messages, runs with their events and recordings, and more."""
