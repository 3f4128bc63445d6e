// The only program of the sandbox's images: prints its name and waits for a signal to exit.
// As `pause` it holds a Pod's namespaces and reaps orphaned processes.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	name := "program"
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	os.Stdout.WriteString("running " + name + "\n")
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGCHLD)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		for {
			if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); pid <= 0 || err != nil {
				break
			}
		}
	}
}
