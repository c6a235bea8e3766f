"""Which keys of a Secret hold what: part of the resource, and of what a step is asked for."""

from typing import Annotated

from pydantic import Field

from dbmigrations.api.model import ApiModel

SecretKey = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[-._a-zA-Z0-9]+$")]


class SecretKeys(ApiModel):
    """Names of the keys in the Secret, where they are not the usual ones of the PostgreSQL operators."""

    url: SecretKey | None = Field(None, description="Key that holds a connection URL.")
    host: SecretKey | None = Field(None, description="Key that holds the host.")
    port: SecretKey | None = Field(None, description="Key that holds the port.")
    name: SecretKey | None = Field(None, description="Key that holds the database name.")
    user: SecretKey | None = Field(None, description="Key that holds the user.")
    password: SecretKey | None = Field(None, description="Key that holds the password.")
