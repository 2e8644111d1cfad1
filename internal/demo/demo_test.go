package demo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/signalbox/signalbox/internal/demo"
	"github.com/signalbox/signalbox/internal/fault"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if err := leak(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// leak says which goroutines are left over. Those that are about to end get a minute for it.
func leak() (err error) {
	for began := time.Now(); time.Since(began) < time.Minute; {
		if err = goleak.Find(); err == nil {
			return nil
		}
	}
	return err
}

// within has f done within a time. A machine that is busy may take longer once, not each time.
func within(t *testing.T, d time.Duration, what string, f func() time.Duration) {
	t.Helper()
	took := time.Hour
	for range 10 {
		if took = min(took, f()); took < d {
			return
		}
	}
	require.Less(t, took, d, what)
}

// start runs a demo with a heavy load, so that tests see enough filings soon.
func start(t *testing.T, o demo.Options) *demo.Demo {
	t.Helper()
	if o.Base == 0 {
		o.Base, o.Peak = 150, 150
	}
	d, err := demo.Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// until waits for cond, which it asks again and again, and fails the test after a minute.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	require.Eventually(t, cond, time.Minute, 20*time.Millisecond, what)
}

// scrape reads a service's /metrics as a scraper does.
func scrape(t *testing.T, d *demo.Demo, service string) families {
	t.Helper()
	for _, s := range d.Services() {
		if s.Name != service {
			continue
		}
		resp, err := http.Get(s.URL + "/metrics")
		require.NoError(t, err)
		defer func() {
			resp.Body.Close()
			http.DefaultClient.CloseIdleConnections()
		}()
		require.Equal(t, http.StatusOK, resp.StatusCode)
		parser := expfmt.NewTextParser(model.UTF8Validation)
		f, err := parser.TextToMetricFamilies(io.LimitReader(resp.Body, 1<<20))
		require.NoError(t, err)
		return f
	}
	require.Fail(t, "no such service", service)
	return nil
}

type families map[string]*dto.MetricFamily

// sum adds the counters of a family whose label has a value with the prefix.
func (f families) sum(name, label, prefix string) float64 {
	total := 0.0
	for _, m := range f[name].GetMetric() {
		if strings.HasPrefix(value(m, label), prefix) {
			total += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return total
}

func value(m *dto.Metric, label string) string {
	for _, p := range m.GetLabel() {
		if p.GetName() == label {
			return p.GetValue()
		}
	}
	return ""
}

// answered is how many requests of the portal's own there were, the scrapes apart, and how many of them failed.
func (f families) answered() (failed, all float64) {
	for _, m := range f["http_requests_total"].GetMetric() {
		if value(m, "route") == "/metrics" {
			continue
		}
		all += m.GetCounter().GetValue()
		if strings.HasPrefix(value(m, "code"), "5") {
			failed += m.GetCounter().GetValue()
		}
	}
	return failed, all
}

// over2s is how many requests took longer than two seconds, and how many there were.
func (f families) over2s() (over, all float64) {
	for _, m := range f["http_request_duration_seconds"].GetMetric() {
		h := m.GetHistogram()
		all += float64(h.GetSampleCount())
		for _, b := range h.GetBucket() {
			if b.GetUpperBound() == 2 {
				over += float64(h.GetSampleCount() - b.GetCumulativeCount())
			}
		}
	}
	return over, all
}

func TestTaxpayersFile(t *testing.T) {
	t.Parallel()
	d := start(t, demo.Options{})
	var intake families
	until(t, "200 filings", func() bool {
		intake = scrape(t, d, demo.Intake)
		return intake.sum("filings_submitted_total", "", "") >= 200
	})
	submitted := intake.sum("filings_submitted_total", "", "")
	accepted := intake.sum("filings_accepted_total", "", "")
	rejected := intake.sum("filings_rejected_total", "", "")
	require.LessOrEqual(t, accepted+rejected, submitted)
	require.Greater(t, accepted/submitted, 0.95)
	require.Positive(t, rejected)
	require.InDelta(t, 150*60*0.97, intake.sum("filings_forecast_per_minute", "", ""), 150)

	for service, route := range map[string]string{
		demo.Intake: "/filings", demo.Validate: "/validations", demo.Accept: "/acceptances",
	} {
		f := scrape(t, d, service)
		require.Greater(t, f.sum("http_requests_total", "route", route), 100.0, service)
		for _, m := range f["http_requests_total"].GetMetric() {
			require.Equal(t, "IRS", value(m, "agency"))
			require.Equal(t, "demo", value(m, "env"))
			require.Equal(t, service, value(m, "service"))
		}
	}
}

// A reader that looks at any moment must never see more accepted than submitted: the KPI would be grey.
func TestBooksAreConsistentInEveryScrape(t *testing.T) {
	t.Parallel()
	d := start(t, demo.Options{})
	var last families
	until(t, "300 filings", func() bool {
		f := scrape(t, d, demo.Intake)
		good := f.sum("filings_accepted_total", "", "") - last.sum("filings_accepted_total", "", "")
		all := f.sum("filings_submitted_total", "", "") - last.sum("filings_submitted_total", "", "")
		require.LessOrEqual(t, good, all)
		last = f
		return f.sum("filings_submitted_total", "", "") > 300
	})
}

func TestBreakAndHeal(t *testing.T) {
	for _, c := range []struct{ broken, sees string }{
		{demo.Intake, demo.Intake},
		{demo.Accept, demo.Accept},
		{demo.Accept, demo.Intake}, // who asks a service that refuses fails too
	} {
		t.Run(c.broken+" at "+c.sees, func(t *testing.T) {
			t.Parallel()
			d := start(t, demo.Options{})
			share := func() float64 {
				failed, all := scrape(t, d, c.sees).answered()
				var failing, more float64
				until(t, "200 requests more", func() bool {
					f, a := scrape(t, d, c.sees).answered()
					failing, more = f-failed, a-all
					return more >= 200
				})
				return failing / more
			}
			// What was on its way when the switch was turned is answered after it; on a busy machine that is a lot.
			becomes := func(what string, from, to float64) {
				t.Helper()
				var last float64
				for range 20 {
					if last = share(); last >= from && last < to {
						return
					}
				}
				require.Fail(t, "never "+what, "the share of failures is %v", last)
			}
			becomes("healthy", 0, 0.02)

			accepted := scrape(t, d, demo.Intake)
			require.NoError(t, d.Break(c.broken))
			becomes("broken", 0.08, 0.32)
			becomes("broken for good", 0.08, 0.32)
			now := scrape(t, d, demo.Intake)
			taken := now.sum("filings_accepted_total", "", "") - accepted.sum("filings_accepted_total", "", "")
			require.Less(t, taken, 0.97*(now.sum("filings_submitted_total", "", "")-accepted.sum("filings_submitted_total", "", "")))

			require.NoError(t, d.Heal(c.broken))
			becomes("healed", 0, 0.02)
		})
	}
}

func TestBrokenValidateIsSlow(t *testing.T) {
	t.Parallel()
	d := start(t, demo.Options{})
	require.NoError(t, d.Break(demo.Validate))
	for _, service := range []string{demo.Validate, demo.Intake} {
		until(t, service+" over 2 s", func() bool {
			over, all := scrape(t, d, service).over2s()
			return over > 50 && over > 0.1*all
		})
		failed, all := scrape(t, d, service).answered()
		require.Less(t, failed, 0.02*all+5, "slow, not failing")
	}
}

func TestServices(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1_700_000_000_000)
	d := start(t, demo.Options{Base: 1, Peak: 1, Now: func() time.Time { return now }})
	require.NoError(t, d.Set(demo.Validate, true))
	require.NoError(t, d.Set(demo.Validate, true))
	var names []string
	for _, s := range d.Services() {
		names = append(names, s.Name)
		require.Equal(t, s.Name == demo.Validate, s.Broken)
		require.NotEmpty(t, s.Effect)
		if s.Broken {
			require.Equal(t, now.UnixMilli(), s.Since)
		}
	}
	require.Equal(t, []string{"intake", "validate", "accept"}, names)
	require.NoError(t, d.Set(demo.Validate, false))
	require.False(t, d.Services()[1].Broken)

	err := d.Set("refund", true)
	require.EqualError(t, err, `the demo has no service "refund": intake, validate, accept are there`)
	require.Equal(t, fault.NotFound, fault.KindOf(err))
}

func TestCloseLeavesNoTrace(t *testing.T) {
	var d *demo.Demo
	within(t, time.Second, "the start", func() time.Duration {
		if d != nil {
			require.NoError(t, d.Close())
		}
		began := time.Now()
		var err error
		d, err = demo.Start(t.Context(), demo.Options{})
		require.NoError(t, err)
		return time.Since(began)
	})
	require.FileExists(t, d.ConfigFile())
	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	require.NoDirExists(t, d.Folder())
	for _, s := range d.Services() {
		_, err := http.Get(s.URL + "/metrics")
		require.Error(t, err)
	}
	require.NoError(t, leak())
}

// The context's end stops the load and the requests at once, even slow ones; Close then does the rest.
func TestContextEndsTheLoad(t *testing.T) {
	within(t, 2*time.Second, "the end", func() time.Duration {
		ctx, cancel := context.WithCancelCause(t.Context())
		d, err := demo.Start(ctx, demo.Options{Base: 150, Peak: 150})
		require.NoError(t, err)
		require.NoError(t, d.Break(demo.Validate))
		until(t, "filings", func() bool { return scrape(t, d, demo.Intake).sum("filings_submitted_total", "", "") > 50 })
		cancel(errors.New("enough"))
		began := time.Now()
		require.NoError(t, d.Close())
		return time.Since(began)
	})
	require.NoError(t, leak())
}

func TestKeptFolder(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "kept")
	d, err := demo.Start(t.Context(), demo.Options{Folder: folder, Period: 5 * time.Second})
	require.NoError(t, err)
	first := d.Services()[0].URL
	policy := filepath.Join(folder, "policies", "efile.yaml")
	text, err := os.ReadFile(policy)
	require.NoError(t, err)
	require.Contains(t, string(text), "period: 5s")
	require.Contains(t, string(text), first+"/runbooks/efile-errors.html")
	require.NotContains(t, string(text), "runbooks.irs.example")
	require.NoError(t, d.Close())

	text = []byte(strings.ReplaceAll(string(text), "> 3%", "> 4%"))
	require.NoError(t, os.WriteFile(policy, text, 0o600))
	d, err = demo.Start(t.Context(), demo.Options{Folder: folder})
	require.NoError(t, err)
	defer d.Close()
	text, err = os.ReadFile(policy)
	require.NoError(t, err)
	require.Contains(t, string(text), "> 4%", "a person's edit stays")
	require.Contains(t, string(text), d.Services()[0].URL+"/runbooks/efile-errors.html", "the link works")

	resp, err := http.Get(d.Services()[0].URL + "/runbooks/efile-errors.html")
	require.NoError(t, err)
	defer resp.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	page, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Contains(t, string(page), "signalbox demo heal")
}

func TestOptionsAreRefusedByName(t *testing.T) {
	for _, c := range []struct {
		o    demo.Options
		want string
	}{
		{demo.Options{Period: 3 * time.Second}, "period 3s of the demo: 5s to 1h in whole seconds that divide a day are accepted. Try 5s, 10s or 1m"},
		{demo.Options{Period: 7 * time.Second}, "period 7s of the demo: 5s to 1h in whole seconds that divide a day are accepted. Try 5s, 10s or 1m"},
		{demo.Options{Day: time.Second}, "day 1s of the demo: 1m or longer is accepted"},
		{demo.Options{Base: 10, Peak: 5}, "load of the demo from 10 to 5 filings a second: 0 to 200, rising, is accepted"},
	} {
		_, err := demo.Start(t.Context(), c.o)
		require.EqualError(t, err, c.want)
		require.Equal(t, fault.Invalid, fault.KindOf(err))
	}
}
