package main

import (
	"fmt"
	"runtime"
)

// versionCmd prints the version.
type versionCmd struct{}

// Run prints it.
func (*versionCmd) Run(w *world) error {
	fmt.Fprintf(w.out, "signalbox %s (%s %s/%s)\n", versionString(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}
