"""The version of a PostgreSQL database, kept in Git like everything else in the cluster."""
