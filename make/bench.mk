# Figures: by hand, on a quiet machine. CHECK=1 turns a missed goal into an error.
.PHONY: bench
bench: bench-operator bench-engine bench-cluster ## All figures of the README; CHECK=1 fails where a goal is missed

.PHONY: bench-operator
bench-operator: venv ## The operator: latency beside bare Kopf, a burst, memory, writes at rest, restart
	@CHECK=$(CHECK) $(BIN)/python -m bench.operator

.PHONY: bench-engine
bench-engine: venv ## The engine and the command line; PARTS="startup …" measures only these parts
	@CHECK=$(CHECK) $(BIN)/python -m bench.engine $(PARTS)

.PHONY: bench-cluster
bench-cluster: venv ## A whole migration on a real cluster, beside as many Jobs that do nothing
	@CHECK=$(CHECK) $(BIN)/python -m bench.cluster

.PHONY: figures
figures: venv ## Write the README's figures from what the benchmarks measured last
	@$(BIN)/python -m bench.readme
