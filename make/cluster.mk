# A Kubernetes to run on: kind where Docker answers, else one of this machine's own processes (tests/harness/README.md).
HARNESS := $(BIN)/python -m tests.harness

.PHONY: cluster cluster-down images
cluster: venv ## A Kubernetes on this machine (the first time: about 8 minutes)
	@$(HARNESS) up

cluster-down: venv ## End the cluster with everything in it
	@$(HARNESS) down

images: venv ## Build our images and load them into the cluster
	@$(HARNESS) images
