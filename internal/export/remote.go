package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	promconfig "github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/storage/remote"
	"go.yaml.in/yaml/v2"

	"github.com/signalbox/signalbox/internal/fault"
)

// Feed is one store of samples as a source for remote_write.
type Feed struct {
	Name string // metrics or kpi: the label of its metrics
	Dir  string // the folder that holds wal
	// Appended returns how many samples the store took since it opened, and the newest of their instants in Unix ms: by it
	// Prometheus' queues choose how many connections they need.
	Appended func() (samples, newest int64)
}

// RemoteOptions are what Remote is built with.
type RemoteOptions struct {
	Feeds []Feed
	// Metadata returns what is known of metrics now: family, type, help and unit. Nil sends none.
	Metadata   func() []prompb.MetricMetadata
	Logger     *slog.Logger
	Registerer prometheus.Registerer
}

// Remote sends samples to the receivers of remote_write through Prometheus' own queues, which follow the stores' write-ahead
// logs. While a receiver is away nothing is lost as long as the log is kept, two to three hours; what a restart finds in the
// log from before is not sent again, as in Prometheus. Receivers are named by the operator's file like scrape targets, so
// they are trusted and do not pass egress.
type Remote struct {
	o RemoteOptions

	mu      sync.Mutex
	feeds   []*feed // empty until a receiver is configured
	tellers []*teller
	closed  bool

	telling sync.WaitGroup
}

type feed struct {
	Feed
	storage *remote.WriteStorage
	counted int64
}

// flushDeadline is how long a queue may take to hand over what it holds when it ends; closing the house waits no longer.
const flushDeadline = 5 * time.Second

// beat is how often the queues are told to look into the logs.
const beat = 500 * time.Millisecond

// NewRemote returns Remote with no receivers.
func NewRemote(o RemoteOptions) *Remote {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Remote{o: o}
}

// CheckRemote says what of a remote_write section would fail: certificates that cannot be read, receivers that stand twice.
func CheckRemote(configs []*promconfig.RemoteWriteConfig) error {
	seen := map[string]bool{}
	for _, c := range configs {
		text, err := yaml.Marshal(c)
		if err != nil {
			return err
		}
		if seen[string(text)] {
			return fmt.Errorf("%s stands twice; leave one out, or give each a name", c.URL.Redacted())
		}
		seen[string(text)] = true
		if _, err = clientOf(c); err != nil {
			return fmt.Errorf("%s: %w", c.URL.Redacted(), err)
		}
	}
	return nil
}

func clientOf(c *promconfig.RemoteWriteConfig) (remote.WriteClient, error) {
	return remote.NewWriteClient(c.Name, &remote.ClientConfig{
		URL: c.URL, WriteProtoMsg: c.ProtobufMessage, Timeout: c.RemoteTimeout, HTTPClientConfig: c.HTTPClientConfig,
		SigV4Config: c.SigV4Config, AzureADConfig: c.AzureADConfig, GoogleIAMConfig: c.GoogleIAMConfig, Headers: c.Headers,
		RetryOnRateLimit: c.QueueConfig.RetryOnRateLimit, RoundRobinDNS: c.RoundRobinDNS,
	})
}

// Apply replaces the receivers; queues whose part did not change go on undisturbed.
func (r *Remote) Apply(external labels.Labels, configs []*promconfig.RemoteWriteConfig) error {
	// The library drops queues when it fails half way, so what can fail is tried before.
	if err := CheckRemote(configs); err != nil {
		return fault.New(fault.Invalid, "remote_write: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return fault.New(fault.Unavailable, "remote_write is closed")
	}
	if len(configs) == 0 && len(r.feeds) == 0 {
		return nil
	}
	told, err := tellers(configs)
	if err != nil {
		return fault.New(fault.Invalid, "remote_write: %w", err)
	}
	r.tellers = told
	for len(r.feeds) < len(r.o.Feeds) {
		f := r.o.Feeds[len(r.feeds)]
		var reg prometheus.Registerer
		if r.o.Registerer != nil {
			reg = prometheus.WrapRegistererWith(prometheus.Labels{"store": f.Name}, r.o.Registerer)
		}
		r.feeds = append(r.feeds, &feed{Feed: f, storage: remote.NewWriteStorage(r.o.Logger.With("store", f.Name), reg, f.Dir, flushDeadline, nil, false)})
	}
	var errs []error
	for _, f := range r.feeds {
		cfg := &promconfig.Config{GlobalConfig: promconfig.GlobalConfig{ExternalLabels: external}, RemoteWriteConfigs: configs}
		errs = append(errs, f.storage.ApplyConfig(cfg))
	}
	return errors.Join(errs...)
}

// Run wakes the queues and tells metadata until ctx ends. The queues go on until Close.
func (r *Remote) Run(ctx context.Context) error {
	defer r.telling.Wait()
	t := time.NewTicker(beat)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			r.wake(ctx)
		}
	}
}

func (r *Remote) wake(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, f := range r.feeds {
		f.count(ctx)
		f.storage.Notify()
	}
	r.tell(ctx, time.Now())
}

// count tells the library how many samples came in: it takes them from an appender that keeps nothing.
func (f *feed) count(ctx context.Context) {
	if f.Appended == nil {
		return
	}
	total, newest := f.Appended()
	if total < f.counted { // the store was opened anew
		f.counted = 0
	}
	if total == f.counted {
		return
	}
	app := f.storage.Appender(ctx)
	for range total - f.counted {
		_, _ = app.Append(0, labels.EmptyLabels(), newest, 0) // counts and cannot fail
	}
	_ = app.Commit() // the same
	f.counted = total
}

// Close hands over what the queues hold, within a bound, and ends them.
func (r *Remote) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	var wg sync.WaitGroup
	errs := make([]error, len(r.feeds))
	for i, f := range r.feeds {
		wg.Go(func() { errs[i] = f.storage.Close() })
	}
	wg.Wait()
	r.feeds = nil
	return errors.Join(errs...)
}
