"""The manner of every model of the API: frozen, closed, camelCase on the wire, silent about its inputs in errors."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class ApiModel(BaseModel):
    """A value that crosses a process boundary. Unknown fields are refused; inputs never appear in error texts."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    def to_wire(self) -> dict[str, object]:
        """This value as JSON-able data with the names of the wire; absent where it is None."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
