//go:build tools

// Package servicemonitor names what is built here, for go.mod: the types of the Prometheus operator's resources, and the
// program that makes their CRDs of them.
package servicemonitor

import (
	_ "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	_ "sigs.k8s.io/controller-tools/cmd/controller-gen"
)
