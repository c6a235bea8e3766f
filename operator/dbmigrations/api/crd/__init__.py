"""The CustomResourceDefinition, made from the models: `python -m dbmigrations.api.crd` writes every copy of it.

`schema` turns models into a structural schema, `rules` adds what a schema cannot say, `definition` puts both into the
object that the API server takes, `files` renders it for kubectl, the Helm chart and the reference.
"""
