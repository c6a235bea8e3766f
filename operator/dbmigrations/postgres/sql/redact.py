"""SQL without its passwords, for logs and history. Works on anything: also on text that no parser accepts."""


def redact(text: str) -> str:
    """The text with each password replaced by `********`."""
    raise NotImplementedError
