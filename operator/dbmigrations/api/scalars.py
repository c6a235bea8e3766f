"""The scalars of the resource, each with its bounds."""

from typing import Annotated

from pydantic import Field

from dbmigrations.api.words import SEMVER

Duration = Annotated[str, Field(pattern=r"^([0-9]{1,6}(\.[0-9]{1,3})?(ms|s|m|h)){1,4}$", max_length=32)]
"""A span of time as Go and Kubernetes write it: `500ms`, `1s`, `10m`, `1h30m`."""

Size = Annotated[str, Field(pattern=r"^[0-9]{1,9}(Ki|Mi|Gi|Ti)?$", max_length=16)]
"""A number of bytes as Kubernetes writes it: `512Mi`, `10Gi`."""

ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
Identifier = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[^\x00]+$")]
"""A name in PostgreSQL: at most 63 characters, quoted by us wherever it is used."""

Version = Annotated[str, Field(min_length=5, max_length=64, pattern=SEMVER)]
"""A semantic version without build metadata: 1.2.0 or 1.2.0-rc.1."""

AbsolutePath = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^/[^\x00]*$")]
Labels = Annotated[dict[str, Annotated[str, Field(max_length=2048)]], Field(max_length=64)]
