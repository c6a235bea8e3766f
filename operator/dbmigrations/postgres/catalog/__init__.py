"""The catalog fingerprint: what a database consists of, as a value; what differs between two such values."""
