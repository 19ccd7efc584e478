// flanneld of flannel's own lease manager and its backend host-gw, without the clouds' backends and those that need C.
package main

import (
	"context"
	"flag"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/flannel-io/flannel/pkg/backend"
	_ "github.com/flannel-io/flannel/pkg/backend/hostgw"
	"github.com/flannel-io/flannel/pkg/ip"
	"github.com/flannel-io/flannel/pkg/ipmatch"
	"github.com/flannel-io/flannel/pkg/subnet"
	"github.com/flannel-io/flannel/pkg/subnet/etcd"
	log "k8s.io/klog/v2"
)

const (
	subnetFile         = "/run/flannel/subnet.env"
	renewMarginMinutes = 60
)

func main() {
	endpoints := flag.String("etcd-endpoints", "http://127.0.0.1:2379", "etcd's addresses, separated by commas")
	prefix := flag.String("etcd-prefix", "/coreos.com/network", "where flannel's keys are")
	address := flag.String("iface", "", "the address, or the interface, by which the other hosts reach this one")
	flag.Parse()
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()

	settings := &etcd.EtcdConfig{Endpoints: strings.Split(*endpoints, ","), Prefix: *prefix}
	leases, err := etcd.NewLocalManager(ctx, settings, ip.IP4Net{}, ip.IP6Net{}, renewMarginMinutes)
	orEnd("cannot talk to etcd", err)
	config := awaitConfig(ctx, leases)
	family, err := ipmatch.GetIPFamily(config.EnableIPv4, config.EnableIPv6)
	orEnd("the network is of no family", err)
	via, err := ipmatch.LookupExtIface(*address, "", "", family, ipmatch.PublicIPOpts{})
	orEnd("Failed to find any valid interface to use", err)

	var running sync.WaitGroup
	kind, err := backend.NewManager(ctx, leases, via).GetBackend(config.BackendType)
	orEnd("Error fetching backend", err)
	network, err := kind.RegisterNetwork(ctx, &running, config)
	orEnd("Error registering network", err)
	lease := network.Lease()
	orEnd("Failed to write subnet file",
		leases.HandleSubnetFile(subnetFile, config, false, lease.Subnet, lease.IPv6Subnet, network.MTU()))
	running.Go(func() { network.Run(ctx) })
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		log.Errorf("Failed to notify systemd: %v", err)
	}
	// Comes back when the lease was taken away, or at the end: either way flannel ends without an error.
	log.Infof("Ending: %v", leases.CompleteLease(ctx, lease, &running))
	cancel()
	running.Wait()
}

// awaitConfig asks for the network's configuration until it is there.
func awaitConfig(ctx context.Context, leases subnet.Manager) *subnet.Config {
	for {
		config, err := leases.GetNetworkConfig(ctx)
		if err == nil {
			log.Infof("Found network config - Backend type: %s", config.BackendType)
			return config
		}
		log.Errorf("Couldn't fetch network config: %s", err)
		select {
		case <-ctx.Done():
			os.Exit(0)
		case <-time.After(time.Second):
		}
	}
}

// orEnd ends the daemon when there is an error.
func orEnd(what string, err error) {
	if err != nil {
		log.Exitf("%s: %v", what, err)
	}
}
