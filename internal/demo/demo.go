package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
)

// Options say how the demo runs. The zero value is complete.
type Options struct {
	// Folder keeps the demo's files: signalbox.yaml, policies/, mail/ and data/. Empty means a temporary folder that Close
	// removes. In a folder that was kept, policies that are there already stay as they are.
	Folder string

	// Period is the spacing of all KPIs' datapoints: 5s to 1h, a divisor of a day. 0 means 10s.
	Period time.Duration

	// Listen and ExternalURL go into the configuration as they are. Listen empty means 127.0.0.1:9700.
	Listen, ExternalURL string

	// Day is how long the 24 hours of the deadline day take; 0 means 30m. It begins at 15:00, on the way up to the evening.
	Day time.Duration

	// Base and Peak are the filings a second at the quietest and at the busiest hour; 0 means 25 and 50.
	Base, Peak float64

	// Visits is how often somebody comes at the quietest hour, once Send has said where the signals go; 0 means every 1.1s.
	Visits time.Duration

	// Seed makes the people and the weeks before; the same seed makes the same.
	Seed uint64

	// Mailed, if set, is told of each mail that has arrived. It must not block for long: the sender waits.
	Mailed func(Mail)

	Logger *slog.Logger     // nil discards
	Now    func() time.Time // nil means time.Now
}

const (
	defaultPeriod = 10 * time.Second
	shortest      = 5 * time.Second
	longest       = time.Hour

	startHour = 15

	// closing bounds how long Close waits for requests that are being answered. Their contexts have ended by then; what can
	// still take its time is a connection that a client dialled in reserve and never used, which net/http gives five seconds.
	closing = 500 * time.Millisecond

	// lastWords bounds how long Hush waits for what was said last to arrive.
	lastWords = 3 * time.Second
)

func (o Options) withDefaults() Options {
	if o.Period == 0 {
		o.Period = defaultPeriod
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:9700"
	}
	if o.Day == 0 {
		o.Day = 30 * time.Minute
	}
	if o.Base == 0 {
		o.Base = 25
	}
	if o.Peak == 0 {
		o.Peak = max(50, o.Base)
	}
	if o.Visits == 0 {
		o.Visits = 1100 * time.Millisecond
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Validate says which option is wrong and what would be accepted.
func (o Options) Validate() error {
	switch p := o.Period; {
	case p == 0:
	case p < shortest, p > longest, p%time.Second != 0, (24*time.Hour)%p != 0:
		return fault.New(fault.Invalid, "period %s of the demo: 5s to 1h in whole seconds that divide a day are accepted", p).
			Hint("Try 5s, 10s or 1m")
	}
	if o.Day != 0 && o.Day < time.Minute {
		return fault.New(fault.Invalid, "day %s of the demo: 1m or longer is accepted", o.Day)
	}
	if o.Base < 0 || o.Peak < 0 || o.Peak != 0 && o.Peak < o.Base || o.Peak > 200 || o.Base > 200 {
		return fault.New(fault.Invalid, "load of the demo from %g to %g filings a second: 0 to 200, rising, is accepted", o.Base, o.Peak)
	}
	return nil
}

// ServiceState is one service of the portal as people see it beside its switch.
type ServiceState struct {
	Name   string `json:"name"`
	URL    string `json:"url"`
	Broken bool   `json:"broken"`
	Since  int64  `json:"since"`  // Unix ms since when it is broken; 0 = healthy
	Effect string `json:"effect"` // what it does while it is broken

	Version string `json:"version"` // the release that runs
}

// Demo is a running portal with its load and its mailbox. It is safe for concurrent use.
type Demo struct {
	config []byte
	folder string
	now    func() time.Time
	log    *slog.Logger

	portal *portal
	box    *mailbox
	sink   *sink
	people *visitors
	send   func(url string) error

	stop   context.CancelFunc
	filing sync.WaitGroup
	close  func() error
}

// Start opens the portal, its mailbox and its load, and writes the files that a house needs to watch them. It is ready when
// it returns, which takes some milliseconds. The load ends with ctx; Close must be called all the same.
func Start(ctx context.Context, o Options) (*Demo, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	o = o.withDefaults()
	d := &Demo{now: o.Now, log: o.Logger}
	ctx, d.stop = context.WithCancel(ctx)
	temporary := o.Folder == ""
	d.close = sync.OnceValue(func() error { return d.shut(temporary) })
	if err := d.open(ctx, o); err != nil {
		d.close()
		return nil, fmt.Errorf("start the demo: %w", err)
	}
	return d, nil
}

func (d *Demo) open(ctx context.Context, o Options) (err error) {
	if d.folder, err = folder(o.Folder); err != nil {
		return err
	}
	day := day{start: d.now(), from: startHour, length: o.Day, base: o.Base, peak: o.Peak}
	books := newBooks(day.start, func() float64 { return 60 * healthyShare * day.rate(d.now()) })
	if d.portal, err = newPortal(ctx, d.log, books); err != nil {
		return err
	}
	if d.box, err = openMailbox(filepath.Join(d.folder, "mail"), d.now, o.Mailed, d.log); err != nil {
		return err
	}
	if d.sink, err = newSink(ctx, d.box, d.log); err != nil {
		return err
	}
	if err := d.write(o); err != nil {
		return err
	}
	d.portal.run(ctx)
	d.sink.run()
	l := &load{
		day:    day,
		now:    d.now,
		url:    d.portal.intake.url() + "/filings",
		client: &http.Client{Transport: newTransport(), Timeout: 15 * time.Second},
		log:    d.log,
	}
	d.filing.Go(func() { l.run(ctx) })
	d.send = func(url string) error { return d.sendFrom(ctx, url) }
	d.people = &visitors{
		day: day, now: d.now, every: o.Visits, seed: o.Seed, portal: d.portal, first: d.now().Unix() * 10,
		client: &http.Client{Transport: newTransport(), Timeout: 15 * time.Second}, log: d.log,
	}
	return nil
}

// folder makes the folder, or a temporary one, and returns its absolute path.
func folder(name string) (string, error) {
	if name == "" {
		dir, err := os.MkdirTemp("", "signalbox-demo-")
		if err != nil {
			return "", fmt.Errorf("make a temporary folder: %w", err)
		}
		return dir, nil
	}
	dir, err := filepath.Abs(name)
	if err != nil {
		return "", fmt.Errorf("folder %s: %w", name, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder: %w", err)
	}
	return dir, nil
}

// write writes the configuration and the policies.
func (d *Demo) write(o Options) error {
	s := settings{
		Listen:      o.Listen,
		ExternalURL: o.ExternalURL,
		Data:        filepath.Join(d.folder, "data"),
		Policies:    filepath.Join(d.folder, "policies", "*.yaml"),
		Smarthost:   d.sink.address(),
		Interval:    short(intervalFor(o.Period)),
	}
	for _, station := range d.portal.stations() {
		s.Services = append(s.Services, station.address())
	}
	s.Web = []address{d.portal.web.address(), d.portal.benefits.address()}
	var err error
	if d.config, err = config(s); err != nil {
		return err
	}
	if err := os.WriteFile(d.ConfigFile(), d.config, 0o600); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	return writePolicies(filepath.Join(d.folder, "policies"), d.portal.intake.url()+"/runbooks/", o.Period)
}

// Config is the text of signalbox.yaml. Its paths are absolute.
func (d *Demo) Config() []byte { return d.config }

// ConfigFile is the path of signalbox.yaml, in Folder.
func (d *Demo) ConfigFile() string { return filepath.Join(d.folder, "signalbox.yaml") }

// Folder is the absolute path of the demo's folder.
func (d *Demo) Folder() string { return d.folder }

// SMTP is the host:port at which the mailbox takes mail.
func (d *Demo) SMTP() string { return d.sink.address() }

// Services are the services in the order in which a filing meets them.
func (d *Demo) Services() []ServiceState {
	states := []ServiceState{}
	for _, s := range d.portal.stations() {
		since := s.since.Load()
		states = append(states, ServiceState{Name: s.name, URL: s.url(), Broken: since != 0, Since: since, Effect: effects[s.name], Version: s.version()})
	}
	return states
}

// Set breaks or heals a service. Setting what is so already changes nothing. An unknown name is a fault.NotFound.
func (d *Demo) Set(name string, broken bool) error {
	names := make([]string, 0, 3)
	for _, s := range d.portal.stations() {
		if s.name != name {
			names = append(names, s.name)
			continue
		}
		if broken {
			if s.since.CompareAndSwap(0, d.now().UnixMilli()) {
				d.log.Info("demo service broken", "service", name)
			}
		} else if s.since.Swap(0) != 0 {
			d.log.Info("demo service healed", "service", name)
		}
		return nil
	}
	return fault.New(fault.NotFound, "the demo has no service %q: %s are there", name, strings.Join(names, ", "))
}

// Break breaks a service; see ServiceState.Effect for what that does.
func (d *Demo) Break(name string) error { return d.Set(name, true) }

// Heal mends a service.
func (d *Demo) Heal(name string) error { return d.Set(name, false) }

// Mails are the newest 200 mails that have arrived, newest first, without Text, HTML and Raw.
func (d *Demo) Mails() []Mail { return d.box.list() }

// Mail is one mail with everything.
func (d *Demo) Mail(id string) (Mail, bool) { return d.box.mail(id) }

// Close ends the load, the portal and the mailbox, and removes the folder if it was a temporary one. Whoever keeps data in
// the folder closes it before. Further calls return what the first returned.
func (d *Demo) Close() error { return d.close() }

// shut closes what was opened, the outermost first.
func (d *Demo) shut(temporary bool) error {
	d.stop()
	d.filing.Wait()
	if d.portal != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closing)
		defer cancel()
		d.portal.close(ctx)
	}
	if d.box != nil {
		d.box.close()
	}
	if d.sink != nil {
		d.sink.close()
	}
	if temporary && d.folder != "" {
		if err := os.RemoveAll(d.folder); err != nil {
			return fmt.Errorf("remove the demo's folder: %w", err)
		}
	}
	return nil
}
