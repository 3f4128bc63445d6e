// The whole content of the sandbox's images: says its name and who it is, then waits for its end.
// As `pause` it holds a Pod's namespaces and reaps what is left in them.
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
