"""The CRD as files: for kubectl, inside the Helm chart, and as a reference for people."""

from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from dbmigrations.api.crd.definition import custom_resource_definition
from dbmigrations.api.crd.reference import reference

_NOTICE = "# Generated from the models by `make generate`; edit those.\n"

_CHART_METADATA = """\
  labels:
    {{- include "dbmigrations.labels" . | nindent 4 }}
  {{- if .Values.crds.keep }}
  annotations:
    helm.sh/resource-policy: keep
  {{- end }}
"""


def generated_files() -> dict[str, str]:
    """Every generated file: its path from the root of the repository, and its text."""
    definition = custom_resource_definition()
    text = _yaml(definition)
    return {
        "crds/databasemigrations.yaml": _NOTICE + text,
        "charts/dbmigrations/templates/crd-databasemigrations.yaml": _chart(text, definition["metadata"]["name"]),
        "docs/reference/crd.md": reference(definition),
    }


def _yaml(value: Any) -> str:  # noqa: ANN401  any JSON value
    yaml = YAML()
    yaml.width = 4096  # a folded text would end its lines with blanks
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(value, out)
    return out.getvalue()


def _chart(text: str, name: str) -> str:
    named = f"  name: {name}\n"
    head, _, tail = text.partition(named)
    return f"{{{{- if .Values.crds.install }}}}\n{_NOTICE}{head}{named}{_CHART_METADATA}{tail}{{{{- end }}}}\n"
