package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/api"
	"github.com/signalbox/signalbox/internal/demo"
	"github.com/signalbox/signalbox/internal/fault"
)

// DemoOptions is what the command line says to Demo.
type DemoOptions struct {
	Folder  string        // keeps the demo's files and data; empty = a temporary folder that is removed at the end
	Listen  string        // empty = 127.0.0.1:9700
	Period  time.Duration // spacing of the KPIs' datapoints; 0 = 10s
	Version string
	Environ []string
	Out     io.Writer
	Verbose bool // log what serve logs
}

// Demo runs the portal, its load and its mailbox, and a signalbox that watches them, until the context ends. It leaves
// nothing behind unless a folder was named.
func Demo(ctx context.Context, o DemoOptions) error {
	level, logOut := "warn", io.Writer(os.Stderr)
	if o.Verbose {
		level = "info"
	}
	portal, err := demo.Start(ctx, demo.Options{Folder: o.Folder, Listen: o.Listen, Period: o.Period, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	// The portal falls silent first: what it has to say must find somebody who listens.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	defer context.AfterFunc(ctx, func() {
		portal.Hush()
		stop()
	})()
	err = Serve(serving, ServeOptions{
		ConfigPath: portal.ConfigFile(), Listen: o.Listen, Version: o.Version, Environ: o.Environ, Out: o.Out, LogLevel: level, LogOut: logOut,
		Demo:   demoDoor{portal},
		beside: func(ctx context.Context, h *house) error { return tellDemo(ctx, h, portal) },
		Greet: func(link string) {
			where := o.where(link)
			fmt.Fprintf(o.Out, "The e-file portal is running and being watched.\n\nOpen %s\n\nBreak it:  signalbox demo break intake%s\nHeal it:   signalbox demo heal intake%s\nStop it:   Ctrl+C\n", link, where, where)
		},
	})
	return errors.Join(err, portal.Close())
}

// where returns the flags by which the command line finds this demo, if it does not without.
func (o DemoOptions) where(link string) (flags string) {
	if server, _, ok := strings.Cut(link, "/login"); ok && server != "http://"+DefaultListen {
		flags += " --server " + server
	}
	if o.Folder != "" {
		flags += " --data " + filepath.Join(o.Folder, "data")
	}
	return flags
}

// demoDoor is what the API asks of the demo.
type demoDoor struct{ d *demo.Demo }

// State implements api.Demo.
func (d demoDoor) State(context.Context) (api.DemoBody, error) {
	b := api.DemoBody{Services: []api.DemoService{}, MailboxURL: "/demo", Unread: len(d.d.Mails())}
	for _, s := range d.d.Services() {
		b.Services = append(b.Services, api.DemoService{Name: s.Name, Title: title(s.Name), Broken: s.Broken, URL: s.URL, Effect: s.Effect, Version: s.Version})
	}
	return b, nil
}

// Set implements api.Demo.
func (d demoDoor) Set(_ context.Context, service string, broken bool) error {
	return d.d.Set(service, broken)
}

// Mails implements api.Demo.
func (d demoDoor) Mails(context.Context) ([]api.Mail, error) {
	out := []api.Mail{}
	for _, m := range d.d.Mails() {
		out = append(out, mailOf(m))
	}
	return out, nil
}

func mailOf(m demo.Mail) api.Mail {
	return api.Mail{ID: m.ID, At: m.At, From: m.From, To: orEmpty(m.To), Subject: m.Subject}
}

// Mail implements api.Demo.
func (d demoDoor) Mail(_ context.Context, id string) (api.MailBody, error) {
	m, ok := d.d.Mail(id)
	if !ok {
		return api.MailBody{}, fault.New(fault.NotFound, "there is no mail %q; the newest 200 are kept", id)
	}
	return api.MailBody{Mail: mailOf(m), Text: m.Text, HTML: m.HTML, Headers: map[string]string{"Message-Id": m.MessageID}}, nil
}

// title is a service's name as a heading.
func title(name string) string {
	if name == "" {
		return ""
	}
	return strings.ToUpper(name[:1]) + name[1:]
}
