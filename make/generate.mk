.PHONY: generate
generate: venv ## Write the CRD, the chart's copy of it and its reference from the models
	$(BIN)/python -m dbmigrations.api.crd
