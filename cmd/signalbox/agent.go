package main

import (
	"github.com/signalbox/signalbox/internal/app"
)

// agentCmd reads this machine and pushes to a server elsewhere.
type agentCmd struct {
	Server    string `help:"Address of the signalbox to push to." required:"" env:"SIGNALBOX_SERVER" placeholder:"URL"`
	TokenFile string `help:"File with an API token that may write signals." env:"SIGNALBOX_TOKEN_FILE" placeholder:"FILE"`
	CAFile    string `help:"Certificates to check the server's with (default: the system's)." name:"ca-file" placeholder:"FILE"`
	Config    string `help:"Configuration file, of which host, probes, log_files, egress and secrets are read." placeholder:"FILE"`
	Data      string `help:"Directory of the queue and of how far files were read." default:"./signalbox-agent" placeholder:"DIR"`
	Instance  string `help:"Name of this machine in its series (default: its host name)." placeholder:"NAME"`
	LogFormat string `help:"Log as text or json." default:"text" enum:"text,json"`
	LogLevel  string `help:"Least level to log: debug, info, warn or error." default:"info" enum:"debug,info,warn,error"`
}

// Run pushes until it is told to stop; then it sends what is left.
func (c *agentCmd) Run(w *world) error {
	return app.Agent(w.ctx, app.AgentOptions{
		Server: c.Server, TokenFile: c.TokenFile, CAFile: c.CAFile, ConfigPath: c.Config, Data: c.Data, Instance: c.Instance, Environ: w.env,
		LogFormat: c.LogFormat, LogLevel: c.LogLevel, LogOut: w.err,
	})
}
