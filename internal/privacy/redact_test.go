package privacy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/privacy"
	"github.com/signalbox/signalbox/internal/rowstore"
)

func row(s, key string) rowstore.Row {
	return rowstore.Row{User: s, Session: s, Business: s, Name: s, Route: s, ErrorType: s, Body: s, Detail: s, Attrs: []rowstore.Attr{{Key: key, Value: s}, {Key: s, Value: "v"}}}
}

func TestWithoutAPolicyTheSafeThingIsDone(t *testing.T) {
	h := build(t, t.TempDir(), privacy.Options{})
	user := h.one(rowstore.Row{User: "bob"}).User
	require.Regexp(t, `^ps_[a-z2-7]{32}$`, user)
	require.Equal(t, user, h.Pseudonym("bob"))
	require.Equal(t, user, h.one(rowstore.Row{User: user}).User, "twice")
	forged := "ps_" + strings.Repeat("a", 32)
	require.NotEqual(t, forged, h.one(rowstore.Row{User: forged}).User, "made up")
	require.Empty(t, h.one(rowstore.Row{}).User)

	for _, c := range [][3]string{
		{"client.address", "192.0.2.77", "192.0.2.0/24"},
		{"client.address", "192.0.2.77:5060", "192.0.2.0/24"},
		{"client.address", "192.0.2.0/24", "192.0.2.0/24"},
		{"client.address", "2001:db8:1:2::3", "2001:db8:1::/48"},
		{"client.address", "[2001:db8:1:2::3]:80", "2001:db8:1::/48"},
		{"client.address", "::ffff:192.0.2.77", "192.0.2.0/24"},
		{"client.address", "db1.internal", "db1.internal"},
		{"X-Forwarded-For", "192.0.2.77, 198.51.100.9", "192.0.2.0/24, 198.51.100.0/24"},
		{"net.peer.ip", "10.9.8.7", "10.9.8.0/24"},
		{"server.address", "10.9.8.7", "10.9.8.7"},
		{"url.full", "https://bob:pw@irs.gov:443/file?ssn=1#x", "https://irs.gov:443/file"},
		{"url", "/file?name=bob", "/file"},
		{"url.query", "name=bob", ""},
		{"page", "https://irs.gov/file?name=bob", "https://irs.gov/file"},
		{"document.referrer", "//bob@irs.gov/x?y", "//irs.gov/x"},
		{"db.password", "x", ""},
		{"http.request.header.authorization", "Basic x", ""},
		{"Set-Cookie", "a=b", ""},
		{"ssn", "1", ""},
		{"userId", "bob", user},
		{"user.name", "bob", user},
		{"note", "mail a@b.co", "mail [email]"},
		{"http.method", "GET", "GET"},
		{"empty", "", ""},
	} {
		assert.Equal(t, c[2], h.attr(c[0], c[1]), "%s=%s", c[0], c[1])
	}
	r := h.one(rowstore.Row{Route: "/file?name=bob", Name: "a@b.co", ErrorType: "a@b.co", Session: "s-1", Business: "123-45-6789", Attrs: []rowstore.Attr{{Key: "a@b.co", Value: "1"}}})
	require.Equal(t, "/file", r.Route)
	require.Equal(t, "[email]", r.Name)
	require.Equal(t, "[email]", r.ErrorType)
	require.Equal(t, "s-1", r.Session)
	require.Equal(t, h.Pseudonym("123-45-6789"), r.Business)
	require.Equal(t, "[email]", r.Attrs[0].Key)
}

func TestDetailIsRedactedByNameAndAsText(t *testing.T) {
	h := build(t, t.TempDir(), privacy.Options{}, &policy.Privacy{Name: "p", Purpose: "x", Rules: []policy.AttributeRule{{Attribute: "filer", Action: policy.Drop}}})
	got := h.one(rowstore.Row{Detail: `{"events":[{"name":"exception","time":1,"attributes":{"exception.message":"no a@b.co","client.address":"192.0.2.7","filer":"Bob","n":12345678901234567890}}]}`}).Detail
	require.JSONEq(t, `{"events":[{"name":"exception","time":1,"attributes":{"exception.message":"no [email]","client.address":"192.0.2.0/24","n":12345678901234567890}}]}`, got)
	got = h.one(rowstore.Row{Detail: `[{"attributes":[{"key":"filer","value":{"stringValue":"Bob"}},{"key":"password","value":"x"},{"key":"k","value":"v"}]}]`}).Detail
	require.NotContains(t, got, "Bob")
	require.NotContains(t, got, `"x"`)
	require.Contains(t, got, `{"key":"k","value":"v"}`)
	require.Equal(t, "no JSON [email]", h.one(rowstore.Row{Detail: "no JSON a@b.co"}).Detail)
}

func TestAResourceIsRedactedInACopy(t *testing.T) {
	h := build(t, t.TempDir(), privacy.Options{})
	clean := &rowstore.Resource{Attrs: []rowstore.Attr{{Key: "host.name", Value: "a"}}, JSON: `{"host.name":"a"}`}
	require.Same(t, clean, h.one(rowstore.Row{Resource: clean}).Resource)
	res := &rowstore.Resource{Attrs: []rowstore.Attr{{Key: "client.address", Value: "192.0.2.7"}, {Key: "host.name", Value: "a"}, {Key: "token", Value: "x"}}, JSON: "old"}
	got := h.one(rowstore.Row{Resource: res}).Resource
	require.Equal(t, &rowstore.Resource{Attrs: []rowstore.Attr{{Key: "client.address", Value: "192.0.2.0/24"}, {Key: "host.name", Value: "a"}}, JSON: `{"client.address":"192.0.2.0/24","host.name":"a"}`}, got)
	require.Same(t, got, h.one(rowstore.Row{Resource: res}).Resource, "made once")
	require.Equal(t, "192.0.2.7", res.Attrs[0].Value)
	require.Nil(t, h.one(rowstore.Row{Resource: &rowstore.Resource{Attrs: []rowstore.Attr{{Key: "token", Value: "x"}}}}).Resource)
}

func TestAPolicySaysWhatIsDone(t *testing.T) {
	h := build(t, t.TempDir(), privacy.Options{},
		&policy.Privacy{Name: "a", Purpose: "support", K: 5, Rules: []policy.AttributeRule{
			{Attribute: "taxpayer.name", Action: policy.Mask, KeepLast: 2}, {Attribute: "comment", Action: policy.Truncate, Length: 5},
			{Attribute: "income", Action: policy.Generalise, To: "1000"}, {Attribute: "filed_at", Action: policy.Generalise, To: "month"},
			{Attribute: "client.address", Action: policy.Generalise, To: "/16"}, {Attribute: "household", Action: policy.Pseudonymise},
			{Attribute: "password", Action: policy.Truncate, Length: 3}, {Attribute: "url.query", Action: policy.Truncate, Length: 3}, {Attribute: "agency", Action: policy.Drop}}},
		&policy.Privacy{Name: "b", Purpose: "other", Source: "web", K: 10, Rules: []policy.AttributeRule{{Attribute: "comment", Action: policy.Drop}, {Attribute: "taxpayer.name", Action: policy.Truncate, Length: 100}}},
		&policy.Privacy{Name: "c", Purpose: "other", Source: "app", K: 20, AllowList: []string{"http.method", "income"}, Consent: true,
			Rules: []policy.AttributeRule{{Attribute: "user", Action: policy.Drop}}})
	for _, c := range [][3]string{
		{"taxpayer.name", "Zoë Doe", "*****oe"}, {"comment", "hello there", ""}, {"income", "12345.6", "12000"}, {"income", "much", ""}, {"filed_at", "2026-04-15T10:00:00Z", "2026-04-01T00:00:00Z"},
		{"filed_at", "1776247200000", "2026-04-01T00:00:00Z"}, {"client.address", "192.0.2.7", "192.0.0.0/16"}, {"client.address", "2001:db8:1:2::3", "2001:db8:1::/48"}, {"password", "abcdef", ""}, {"url.query", "abcdef", "abc"},
		{"household", "7", "ps_"},
	} {
		assert.True(t, strings.HasPrefix(h.attr(c[0], c[1]), c[2]) && (c[2] != "" || h.attr(c[0], c[1]) == ""), "%s: %s", c[0], h.attr(c[0], c[1]))
	}
	require.NotEqual(t, h.Pseudonym("7"), h.attr("household", "7"), "another purpose, another key")
	require.Contains(t, h.Pseudonyms("7"), h.attr("household", "7"))
	require.Empty(t, h.one(rowstore.Row{Agency: "IRS"}).Agency)

	b := &rowstore.Batch{}
	b.Reset(rowstore.Events)
	for _, consent := range []string{"granted", "denied", ""} {
		r := b.Add()
		r.User, r.Detail = "bob", `{"a":1}`
		if consent != "" {
			b.Attr("consent", consent)
		}
		b.Attr("http.method", "GET")
		b.Attr("other", "x")
	}
	require.NoError(t, h.Redact("app", b))
	require.Len(t, b.Rows, 1)
	require.Equal(t, rowstore.Row{Weight: 1, Attrs: []rowstore.Attr{{Key: "http.method", Value: "GET"}}}, b.Rows[0])
	b.Reset(rowstore.Logs)
	b.Add()
	require.NoError(t, h.Redact("app", b))
	require.Len(t, b.Rows, 1, "consent is of events")

	require.Equal(t, 10, h.K("web"))
	require.Equal(t, 20, h.K("web", "app"))
	require.Equal(t, 5, h.K("db"))
	require.Equal(t, 20, h.K())
}

func TestSmallGroupsAreHidden(t *testing.T) {
	require.Equal(t, []bool{false, true, true, false}, privacy.Small(5, 9, 4, 1, 0))
	require.Equal(t, []bool{true, true, false}, privacy.Small(5, 6, 4, 9), "alone it would follow from the total")
	require.Equal(t, []bool{true, false}, privacy.Small(5, 4, 0))
	require.Equal(t, []bool{false, false}, privacy.Small(5, 5, 0))
	require.Equal(t, []bool{false, false}, privacy.Small(0, 1, 2))
}

func TestKeysRotateAndGoWithTheirRows(t *testing.T) {
	const day = 24 * time.Hour
	keep := 10 * day
	p := &policy.Privacy{Name: "a", Purpose: "analytics", Rules: []policy.AttributeRule{{Attribute: "user", Action: policy.Pseudonymise, Rotate: 7 * day}}}
	reg := prometheus.NewRegistry()
	h := build(t, t.TempDir(), privacy.Options{Keep: func() time.Duration { return keep }, Registerer: reg}, p)
	first := h.one(rowstore.Row{User: "bob"}).User
	require.NoError(t, h.Turn(t.Context()))
	require.Equal(t, first, h.one(rowstore.Row{User: "bob"}).User)
	h.now.Add((7 * day).Milliseconds())
	require.NoError(t, h.Turn(t.Context()))
	second := h.one(rowstore.Row{User: "bob"}).User
	require.NotEqual(t, first, second)
	require.Equal(t, []string{first, second}, h.Pseudonyms("bob"))
	require.Equal(t, first, h.one(rowstore.Row{User: first}).User, "our own of before")
	keys, err := h.Keys(t.Context())
	require.NoError(t, err)
	require.Equal(t, h.now.Load(), keys[0].RetiredAt)
	require.Equal(t, h.now.Load()+(11*day).Milliseconds(), keys[0].KeepUntil)
	info, err := os.Stat(filepath.Join(h.dir, "keys", "pseudonym-1.key"))
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())

	again, err := privacy.New(t.Context(), privacy.Options{DB: h.db, Audit: h.log, KeyDir: h.o.KeyDir, Now: h.o.Now, Policies: h.o.Policies})
	require.NoError(t, err)
	require.Equal(t, []string{first, second}, again.Pseudonyms("bob"), "after a restart")

	h.now.Add((11 * day).Milliseconds())
	require.NoError(t, h.Turn(t.Context()))
	require.NoFileExists(t, filepath.Join(h.dir, "keys", "pseudonym-1.key"))
	require.NotContains(t, h.Pseudonyms("bob"), first)
	require.Contains(t, h.Pseudonyms("bob"), second)
	keys, err = h.Keys(t.Context())
	require.NoError(t, err)
	require.Equal(t, h.now.Load(), keys[0].DestroyedAt)
	require.NoError(t, os.Remove(filepath.Join(h.dir, "keys", "pseudonym-2.key")))
	_, err = privacy.New(t.Context(), privacy.Options{DB: h.db, Audit: h.log, KeyDir: h.o.KeyDir, Now: h.o.Now})
	require.NoError(t, err, "a lost key makes its rows anonymous")
}

func TestRedactingManyBatchesAtOnceWhilePoliciesChange(t *testing.T) {
	h := build(t, t.TempDir(), privacy.Options{})
	res := &rowstore.Resource{Attrs: []rowstore.Attr{{Key: "client.address", Value: "192.0.2.7"}}}
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			b := &rowstore.Batch{}
			for i := range 200 {
				b.Reset(rowstore.Events)
				r := b.Add()
				r.User, r.Body, r.Resource = fmt.Sprint(g, i), "from a@b.co", res
				b.Attr(fmt.Sprintf("k%d", i), "a@b.co")
				if err := h.Redact("web", b); err != nil || b.Rows[0].Body != "from [email]" || b.Rows[0].Attrs[0].Value != "[email]" {
					t.Error(err, b.Rows[0])
				}
			}
		})
	}
	for range 20 {
		if err := h.Reload(t.Context()); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

func benchRow(b *rowstore.Batch) {
	r := b.Add()
	r.Service, r.Name, r.Route, r.Body = "intake", "filing_submitted", "/file/1040", "request 481516 answered after 212 ms: by the intake service, queue 17 held returns and nothing was left behind, state fine"[:114]
	for _, a := range [...][2]string{{"http.request.method", "GET"}, {"http.response.status_code", "200"}, {"k8s.pod.name", "intake-6f9d-x2x"}, {"cloud.region", "us-east-1"}, {"thread.name", "worker-17"}, {"request.id", "4bf92f3577b34da6"}, {"queue", "returns"}, {"tenant", "irs"}} {
		b.Attr(a[0], a[1])
	}
}

func TestRedactingCleanRowsAllocatesNothing(t *testing.T) {
	h := build(t, t.TempDir(), privacy.Options{})
	b := &rowstore.Batch{}
	for range 100 {
		benchRow(b)
	}
	redact := func() { _ = h.Redact("web", b) }
	redact()
	require.Less(t, testing.AllocsPerRun(100, redact), 10.0, "of a hundred rows") // the race detector empties pools at random
}

func BenchmarkRedact(b *testing.B) {
	h := build(b, b.TempDir(), privacy.Options{})
	for name, user := range map[string]bool{"clean": false, "user": true} {
		b.Run(name, func(b *testing.B) {
			batch := &rowstore.Batch{}
			for range 1000 {
				benchRow(batch)
			}
			b.ReportAllocs()
			before := cpu()
			for b.Loop() {
				if user {
					for i := range batch.Rows {
						batch.Rows[i].User = users[i%50]
					}
				}
				_ = h.Redact("web", batch)
			}
			b.ReportMetric(float64((cpu()-before).Nanoseconds())/float64(b.N)/1000, "cpu-ns/row")
		})
	}
}

// cpu is the processor time of this process: others use the machine, too.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var users = func() (out []string) {
	for i := range 50 {
		out = append(out, fmt.Sprintf("user-%d", i))
	}
	return out
}()

func TestFindingsAreCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	h := build(t, t.TempDir(), privacy.Options{Registerer: reg})
	h.body("a@b.co a@c.co")
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP signalbox_privacy_findings_total Pieces of personal data found in texts and taken out, by kind.
# TYPE signalbox_privacy_findings_total counter
signalbox_privacy_findings_total{kind="card"} 0
signalbox_privacy_findings_total{kind="email"} 2
signalbox_privacy_findings_total{kind="ip"} 0
signalbox_privacy_findings_total{kind="phone"} 0
signalbox_privacy_findings_total{kind="ssn"} 0
signalbox_privacy_findings_total{kind="token"} 0
`), "signalbox_privacy_findings_total"))
}
