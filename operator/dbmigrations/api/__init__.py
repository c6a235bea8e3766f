"""The resource and the step contract, as pydantic models: what the operator and the runner have in common."""
