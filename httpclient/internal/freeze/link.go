//go:build linux

package freeze

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Client and server get a network namespace each when they are started, with
// one link between them. Nothing of it is left when they end, however they do.
// The addresses are of the range for benchmarks (RFC 2544).
const (
	linkName      = "lambdatune"
	clientAddress = "198.18.0.1/30"
	serverAddress = "198.18.0.2/30"
)

func clientAddressIf(isolated bool) string {
	if isolated {
		return clientAddress
	}
	return ""
}

// NoNamespaces says why no network namespace can be made here, or nothing if it
// can. As root under CI=true it fails the test instead.
func NoNamespaces(tb testing.TB) (why string) {
	tb.Helper()
	if os.Getuid() != 0 {
		return "a network that loses packets is a namespace, which needs root"
	}
	probe := exec.Command("unshare", "--net", "ip", "link", "add", linkName, "type", "veth", "peer", "name", "peer")
	out, err := probe.CombinedOutput()
	if err == nil {
		return ""
	}
	why = fmt.Sprintf("no network namespace with a link in it (is iproute2 installed?): %v: %s", err, out)
	if os.Getenv("CI") == "true" {
		tb.Fatal(why)
	}
	return why
}

// connect puts the link between two processes' namespaces.
func connect(tb testing.TB, client, server int) {
	tb.Helper()
	args := []string{
		"link", "add", linkName, "netns", fmt.Sprint(client), "type", "veth",
		"peer", "name", linkName, "netns", fmt.Sprint(server),
	}
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		tb.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// configureLink waits for the link and brings it up.
func configureLink(orders *bufio.Reader, address string) {
	if _, err := orders.ReadString('\n'); err != nil {
		die(err)
	}
	ip("link", "set", "lo", "up")
	ip("addr", "add", address, "dev", linkName)
	ip("link", "set", linkName, "up")
}

// cutLink sends all that is for the client to a hardware address that is not
// the client's. The client's own packets would still arrive.
func cutLink() {
	ip("neigh", "replace", bare(clientAddress), "lladdr", "02:00:00:00:00:99", "nud", "permanent", "dev", linkName)
}

func healLink() {
	ip("neigh", "del", bare(clientAddress), "dev", linkName)
}

func bare(address string) string {
	host, _, _ := strings.Cut(address, "/")
	return host
}

func ip(args ...string) {
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		die(fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out))
	}
}
