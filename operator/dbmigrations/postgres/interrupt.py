"""SIGTERM: a statement is cancelled and rolled back; a CONCURRENTLY is given time to finish."""
