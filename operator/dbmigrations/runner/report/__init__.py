"""What is said while steps run: events, and those who show them (JSON lines in a Job, a terminal, a log file)."""
