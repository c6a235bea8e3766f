"""What the documents share: their shape, the words of migrations, and the answer of a command that did not do it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["schema", "sql", "data"]
Direction = Literal["Up", "Down"]
Class = Literal["additive", "widening", "data", "restricting", "rewriting", "unknown", "destructive"]


class Part(BaseModel):
    """A part of a document. Fields are only ever added under the same format."""

    model_config = ConfigDict(extra="forbid")


class Document(Part):
    """What every document has."""

    format: Literal[1] = Field(description="The version of the documents' shape.")


class Error(Part):
    """Why a command did not do what it was asked for."""

    outcome: str = Field(description="Who acts next: Refused or Failed (a person), Waiting (try again later).")
    reason: str = Field(description="A word for programs, such as MigrationFailed or WaitingForDatabase.")
    message: str = Field(description="For people: what, where, and what helps.")
    exit: int = Field(description="The exit code.")


class ErrorDocument(Document):
    """The answer of any command that did not do what it was asked for."""

    error: Error


class Migration(Part):
    """A migration by its kind and name."""

    kind: Kind
    name: str
