.PHONY: demo
demo: venv ## Watch a database go 1.0.0 → 1.1.0 → 1.0.0 on a cluster of this machine
	@$(BIN)/python -m demo
