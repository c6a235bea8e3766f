"""What can go wrong while the CRD is made: only mistakes in the models."""


class NotStructuralError(Exception):
    """A model says something that a structural schema cannot; the message names the field."""
