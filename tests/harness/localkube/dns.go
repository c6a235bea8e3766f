package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"

	// The plugins that the local cluster's Corefile names, and no others.
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loop"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/template"
)

// serveDNS becomes CoreDNS. A query passes the plugins in the order of this list, whatever the Corefile's order.
func serveDNS() {
	dnsserver.Directives = []string{"bind", "ready", "errors", "cache", "loop", "kubernetes", "template"}
	coremain.Run()
}
