package app

import (
	"context"
	"io"

	"github.com/signalbox/signalbox/internal/api"
)

// ServeOptions is what the command line says to Serve.
type ServeOptions struct {
	ConfigPath string // empty = defaults
	Data       string // overrides the file; empty = not given
	Listen     string // overrides the file; empty = not given
	Version    string
	Environ    []string  // as of os.Environ
	Out        io.Writer // where the sign-in address is printed
	LogFormat  string    // text or json
	LogLevel   string    // debug, info, warn or error
	LogOut     io.Writer // where the log goes; nil = standard error

	Reload <-chan struct{}   // reads the configuration again, as SIGHUP does
	Greet  func(link string) // called when everything answers, instead of printing the sign-in address; may be nil
	Demo   api.Demo          // the demo's switch and mailbox; nil = not the demo

	// beside runs beside the house once it is ready, until the context ends; nil = nothing does.
	beside func(context.Context, *house) error
}
