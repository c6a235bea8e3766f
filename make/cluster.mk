# A Kubernetes to run on: kind where Docker answers, else one of this machine's own processes (tests/harness/README.md).
HARNESS := $(BIN)/python -m tests.harness

.PHONY: cluster-prepare
cluster-prepare: venv ## Fetch and build what a cluster needs (the first time: about 8 minutes)
	@$(HARNESS) prepare

.PHONY: cluster
cluster: venv ## A Kubernetes on this machine, with our images
	@$(HARNESS) up

.PHONY: cluster-down
cluster-down: venv ## End the cluster with everything in it
	@$(HARNESS) down

.PHONY: images
images: venv ## Build our images, and load them where the cluster is up
	@$(HARNESS) images
