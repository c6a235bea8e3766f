# Figures: by hand, on a quiet machine. CHECK=1 turns a missed goal into an error.
.PHONY: bench
bench: bench-operator ## All figures of the README; CHECK=1 fails where a goal is missed

.PHONY: bench-operator
bench-operator: venv ## The operator: latency beside bare Kopf, a burst, memory, writes at rest, restart
	@CHECK=$(CHECK) $(BIN)/python -m bench.operator
