.PHONY: generate
generate: venv ## Write the CRD, the chart's copy of it and the references from the models and the commands
	$(BIN)/python -m dbmigrations.api.crd
	$(BIN)/python -m dbmigrations.runner.reference
	$(BIN)/python -m dbmigrations.runner.operations_reference
