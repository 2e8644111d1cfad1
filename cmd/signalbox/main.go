// Command signalbox turns raw telemetry into governed KPIs, traffic lights and pages. See `signalbox --help`.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/signalbox/signalbox/internal/app"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb/sandbox"
)

// version is stamped by the build: -ldflags "-X main.version=...".
var version = ""

// Exit codes: good, a finding or a failure, wrong usage.
const (
	exitGood  = 0
	exitFail  = 1
	exitUsage = 2
)

// cli is the whole command line: commands, flags and the environment they may come from.
type cli struct {
	Serve      serveCmd      `cmd:"" help:"Run signalbox."`
	Demo       demoCmd       `cmd:"" help:"Run the e-file demo, or break and heal its services."`
	Agent      agentCmd      `cmd:"" help:"Watch this machine, its log files and what it can reach, and push to a signalbox elsewhere."`
	Check      checkCmd      `cmd:"" help:"Check a configuration and policies without starting anything."`
	KPI        kpiCmd        `cmd:"" name:"kpi" help:"Show KPIs."`
	Policy     policyCmd     `cmd:"" help:"Show, propose, approve and review policies."`
	Alert      alertCmd      `cmd:"" help:"Show alerts."`
	Silence    silenceCmd    `cmd:"" help:"Show, add and expire silences."`
	Source     sourceCmd     `cmd:"" help:"Show where data comes from."`
	Query      queryCmd      `cmd:"" help:"Ask a PromQL question, or search logs, spans and events."`
	Usage      usageCmd      `cmd:"" help:"Show how people use what is watched: actives, sessions, retention, funnels, adoption, success."`
	Why        whyCmd        `cmd:"" help:"Explain a light or a page from its decision record."`
	Import     importCmd     `cmd:"" help:"Turn OpenSLO, Prometheus rules, Sloth specs or Grafana dashboards into policies."`
	Export     exportCmd     `cmd:"" help:"Write policies, or rows for a data pipeline; list what left."`
	Privacy    privacyCmd    `cmd:"" help:"Export or erase what is kept of a person."`
	Audit      auditCmd      `cmd:"" help:"Read, export and verify who did what."`
	User       userCmd       `cmd:"" help:"Show, add, change and remove people."`
	Token      tokenCmd      `cmd:"" help:"Show, make and revoke API tokens."`
	Version    versionCmd    `cmd:"" help:"Print the version."`
	Completion completionCmd `cmd:"" help:"Print a completion script for a shell."`
}

// world is what commands touch beside their flags.
type world struct {
	ctx    context.Context
	in     io.Reader
	out    io.Writer
	err    io.Writer
	env    []string
	colour bool // lights may be coloured
	parser *kong.Kong
}

// errFindings is a command's own verdict: it has said what is wrong.
var errFindings = errors.New("findings were printed")

// usageError is a mistake in the command line itself, found after its grammar was read.
type usageError string

// Error returns the sentence.
func (e usageError) Error() string { return string(e) }

func usage(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

func main() {
	if len(os.Args) == 2 && os.Args[1] == app.SQLCommand {
		os.Exit(sandbox.Child(os.Stdin, os.Stdout))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ())
	stop()
	os.Exit(code)
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer, env []string) int {
	w := &world{ctx: ctx, in: in, out: plain{out}, err: plain{errOut}, env: env, colour: colourful(out, env)}
	var c cli
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("signalbox"),
		kong.Description("Raw telemetry in; governed KPIs, traffic lights, pages and their reasons out.\n\nStart with `signalbox demo`."),
		kong.Writers(out, errOut),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Exit(func(code int) { exit = code }),
	)
	if err != nil {
		fmt.Fprintln(errOut, "signalbox:", err)
		return exitFail
	}
	w.parser = parser
	switch {
	case len(args) == 0:
		args = []string{"--help"}
	case args[0] == "help": // as other command lines take it: signalbox help kpi list
		args = append(slices.Clone(args[1:]), "--help")
	}
	k, err := parser.Parse(args)
	if exit >= 0 { // --help has been printed
		return exit
	}
	if err != nil {
		fmt.Fprintf(errOut, "signalbox: %v\nTry `signalbox --help`.\n", err)
		return exitUsage
	}
	switch err := k.Run(w); {
	case err == nil:
		return exitGood
	case errors.Is(err, errFindings):
		return exitFail
	case errors.As(err, new(usageError)):
		fmt.Fprintf(w.err, "signalbox: %v\nTry `signalbox %s --help`.\n", err, k.Command())
		return exitUsage
	default:
		var f *fault.Error
		if errors.As(err, &f) {
			fmt.Fprintf(w.err, "signalbox: %s\n", f.Error())
		} else {
			fmt.Fprintf(w.err, "signalbox: %v\n", err)
		}
		return exitFail
	}
}

// versionString is the stamped version, or what the module system knows.
func versionString() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "dev"
}
