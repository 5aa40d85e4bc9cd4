//go:build linux

package freeze

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

type clientConfig struct {
	Trial   Trial
	Address string // in a network of its own, else empty
}

// runClient is the process that is frozen.
func runClient(kinds map[string]Kind) {
	conf := config[clientConfig]()
	orders := bufio.NewReader(os.Stdin)
	if conf.Address != "" {
		configureLink(orders, conf.Address)
	}
	url, err := orders.ReadString('\n')
	if err != nil {
		die(err)
	}
	url = strings.TrimSpace(url)
	go func() { // a suspended clock tells a freeze by the gap between two readings
		for range time.Tick(50 * time.Millisecond) {
		}
	}()

	type trial struct {
		kind string
		call func(context.Context) error
	}
	var trials []trial
	for _, cell := range conf.Trial.Cells {
		kind, ok := kinds[cell.Kind]
		if !ok {
			die(fmt.Errorf("no kind %q", cell.Kind))
		}
		for range cell.N {
			trials = append(trials, trial{cell.Kind, kind(url)})
		}
	}
	each := func(parallel int, f func(i int)) {
		var wg sync.WaitGroup
		turns := make(chan struct{}, parallel)
		for i := range trials {
			turns <- struct{}{}
			wg.Go(func() {
				f(i)
				<-turns
			})
		}
		wg.Wait()
	}
	each(16, func(i int) {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := trials[i].call(ctx); err != nil {
			die(fmt.Errorf("%s before the freeze: %w", trials[i].kind, err))
		}
	})
	runtime.GC()
	fmt.Println("ready")

	if _, err := orders.ReadString('\n'); err != nil { // frozen here, as Lambda's runtime is
		die(err)
	}
	parallel := len(trials)
	if conf.Trial.Serial {
		parallel = 1
	}
	outcomes := make([]Outcome, len(trials))
	each(parallel, func(i int) {
		ctx, cancel := context.WithTimeout(context.Background(), conf.Trial.Timeout)
		defer cancel()
		start := time.Now()
		err := trials[i].call(ctx)
		outcomes[i] = Outcome{Kind: trials[i].kind, Took: time.Since(start)}
		if err != nil {
			outcomes[i].Err = err.Error()
		}
	})
	out, err := json.Marshal(outcomes)
	if err != nil {
		die(err)
	}
	fmt.Println(string(out))
	os.Exit(0)
}
