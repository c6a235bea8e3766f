"""The engine: everything that talks to PostgreSQL. It knows nothing of Kubernetes."""
