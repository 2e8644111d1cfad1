package main

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/signalbox/signalbox/internal/app"
)

// serveCmd runs the real thing.
type serveCmd struct {
	Config    string `help:"Configuration file (default ./signalbox.yaml if it exists, else the defaults apply)." env:"SIGNALBOX_CONFIG" placeholder:"FILE"`
	Data      string `help:"Data directory (default ./signalbox-data)." placeholder:"DIR"`
	Listen    string `help:"Address to listen on (default 127.0.0.1:9700)." placeholder:"HOST:PORT"`
	LogFormat string `help:"Log as text or json." default:"text" enum:"text,json"`
	LogLevel  string `help:"Least level to log: debug, info, warn or error." default:"info" enum:"debug,info,warn,error"`
}

// Run starts signalbox and returns when it has stopped. SIGHUP reloads.
func (c *serveCmd) Run(w *world) error {
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	reload := make(chan struct{})
	go func() {
		for {
			select {
			case <-w.ctx.Done():
				return
			case <-hup:
				select {
				case reload <- struct{}{}:
				case <-w.ctx.Done():
					return
				}
			}
		}
	}()
	return app.Serve(w.ctx, app.ServeOptions{
		ConfigPath: configPath(c.Config), Data: c.Data, Listen: c.Listen, Version: versionString(), Environ: w.env, Out: w.out,
		LogFormat: c.LogFormat, LogLevel: c.LogLevel, LogOut: w.err, Reload: reload,
	})
}

// demoCmd runs the demo, or talks to a running one.
type demoCmd struct {
	Run_  demoRunCmd    `cmd:"" name:"run" default:"withargs" help:"Run the demo (what plain demo does)."`
	Break demoSwitchCmd `cmd:"" help:"Break a service of the running demo."`
	Heal  demoSwitchCmd `cmd:"" help:"Heal a service of the running demo."`
	List  demoListCmd   `cmd:"" help:"List the services of the running demo."`
}

// demoRunCmd runs the demo.
type demoRunCmd struct {
	Period  time.Duration `help:"Spacing of the KPIs' datapoints: 5s, 10s or 1m are good choices." default:"10s"`
	Data    string        `help:"Keep the demo's files in this directory; without it nothing is left behind." placeholder:"DIR"`
	Listen  string        `help:"Address to listen on." default:"127.0.0.1:9700" placeholder:"HOST:PORT"`
	Verbose bool          `help:"Log what serve logs."`
}

// Run starts the demo and returns when it has stopped.
func (c *demoRunCmd) Run(w *world) error {
	return app.Demo(w.ctx, app.DemoOptions{Folder: c.Data, Listen: c.Listen, Period: c.Period, Version: versionString(), Environ: w.env, Out: w.out, Verbose: c.Verbose})
}

// demoSwitchCmd breaks or heals a service.
type demoSwitchCmd struct {
	connection
	Service string `arg:"" help:"intake, validate or accept."`
	verb    string
}

// BeforeApply tells the two commands which of them they are.
func (c *demoCmd) BeforeApply() error {
	c.Break.verb, c.Heal.verb = "break", "heal"
	return nil
}

// Run asks the running demo.
func (c *demoSwitchCmd) Run(w *world) error {
	var body struct {
		Services []struct {
			Name, Effect string
			Broken       bool
		}
	}
	if err := c.call(w, http.MethodPost, own("/demo/"+esc(c.Service)+"/"+c.verb), nil, &body); err != nil {
		return err
	}
	for _, s := range body.Services {
		if s.Name == c.Service {
			if s.Broken {
				fmt.Fprintf(w.out, "%s is broken: it %s. Heal it with `signalbox demo heal %s`.\n", s.Name, s.Effect, s.Name)
			} else {
				fmt.Fprintf(w.out, "%s is healthy.\n", s.Name)
			}
		}
	}
	return nil
}

// demoListCmd lists the demo's services.
type demoListCmd struct {
	connection
	output
}

// Run lists them.
func (c *demoListCmd) Run(w *world) error {
	var body struct {
		Services []struct {
			Name   string `json:"name"`
			Broken bool   `json:"broken"`
			URL    string `json:"url"`
			Effect string `json:"effect"`
		} `json:"services"`
	}
	if err := c.call(w, http.MethodGet, own("/demo"), nil, &body); err != nil {
		return err
	}
	t := table{{"SERVICE", "STATE", "ADDRESS", "BROKEN IT"}}
	for _, s := range body.Services {
		state := "healthy"
		if s.Broken {
			state = "broken"
		}
		t = append(t, []string{s.Name, state, s.URL, s.Effect})
	}
	return c.print(w, t, body)
}
