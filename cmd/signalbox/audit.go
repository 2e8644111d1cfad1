package main

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"

	"github.com/signalbox/signalbox/internal/audit"
)

// auditCmd reads, exports and verifies the audit log.
type auditCmd struct {
	List   auditListCmd   `cmd:"" default:"withargs" help:"List who did what, the newest first."`
	Export auditExportCmd `cmd:"" help:"Write the log to a file that verifies without a server."`
	Verify auditVerifyCmd `cmd:"" help:"Verify the log and name the first record that is not what was written."`
	Key    auditKeyCmd    `cmd:"" help:"Print the public key that verifies the log."`
	Rotate auditRotateCmd `cmd:"" help:"Sign with a new key from now on; the old one vouches for it."`
}

// auditFilter chooses records.
type auditFilter struct {
	Actor   string `help:"Only by this person or token: id or name, whole." placeholder:"WHO"`
	Action  string `help:"Only this action, such as approve or sign_in_failed." placeholder:"VERB"`
	Object  string `help:"Only what was done to this object, such as KPI/efile-error-rate, or to this kind." placeholder:"KIND[/NAME]"`
	From    string `help:"Only from then on: a time such as 2026-11-21T08:00:00Z, a day, or how long ago, such as 24h or 30d." placeholder:"TIME"`
	To      string `help:"Only up to then." placeholder:"TIME"`
	Outcome string `help:"Only what was done, denied or failed." enum:"done,denied,failed," default:"" placeholder:"OUTCOME"`
	Text    string `help:"Only records with this text somewhere in them." placeholder:"TEXT"`
}

// query is the filter as parameters of the API.
func (f *auditFilter) query() (url.Values, error) {
	q := url.Values{}
	set := func(name, value string) {
		if value != "" {
			q.Set(name, value)
		}
	}
	kind, name, _ := strings.Cut(f.Object, "/")
	set("actor", f.Actor)
	set("action", f.Action)
	set("object_kind", kind)
	set("object_name", name)
	set("outcome", f.Outcome)
	set("text", f.Text)
	for flag, value := range map[string]string{"from": f.From, "to": f.To} {
		if value == "" {
			continue
		}
		ms, err := parseInstant(value, time.Now())
		if err != nil {
			return nil, usage("--%s %q: want a time such as 2026-11-21T08:00:00Z, a day such as 2026-11-21 (UTC), or how long ago, such as 24h or 30d", flag, value)
		}
		set(flag, strconv.FormatInt(ms, 10))
	}
	return q, nil
}

// parseInstant reads a time, a day in UTC, or how long ago, as Unix ms.
func parseInstant(text string, now time.Time) (int64, error) {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UnixMilli(), nil
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t.UnixMilli(), nil
	}
	d, err := model.ParseDuration(text)
	if err != nil {
		return 0, err
	}
	return now.Add(-time.Duration(d)).UnixMilli(), nil
}

type auditListCmd struct {
	connection
	output
	auditFilter
	Limit int `help:"Records to list, 1 to 10,000." default:"50"`
}

// mostAuditPage is the API's limit of one answer.
const mostAuditPage = 1000

// Run lists records.
func (c *auditListCmd) Run(w *world) error {
	if c.Limit < 1 || c.Limit > 10_000 {
		return usage("--limit %d: want 1 to 10000", c.Limit)
	}
	q, err := c.query()
	if err != nil {
		return err
	}
	records := []audit.Record{}
	more := true
	for more && len(records) < c.Limit {
		q.Set("limit", strconv.Itoa(min(c.Limit-len(records), mostAuditPage)))
		var page struct {
			Records []audit.Record `json:"records"`
			More    bool           `json:"more"`
		}
		if err := c.call(w, http.MethodGet, own("/audit?"+q.Encode()), nil, &page); err != nil {
			return err
		}
		records, more = append(records, page.Records...), page.More && len(page.Records) > 0
		if more {
			q.Set("before", strconv.FormatInt(page.Records[len(page.Records)-1].Seq, 10))
		}
	}
	t := table{{"SEQ", "TIME", "ACTOR", "ACTION", "OBJECT", "OUTCOME", "SOURCE", "REASON"}}
	for _, r := range records {
		t = append(t, []string{strconv.FormatInt(r.Seq, 10), auditTime(r), auditActor(r.Actor), r.Action, auditObject(r.Object), r.Outcome, r.Source, r.Reason})
	}
	if err := c.print(w, t, records); err != nil {
		return err
	}
	if more && c.Output == "table" {
		fmt.Fprintf(w.err, "There are older ones: raise --limit, or narrow the list with --to and the other flags.\n")
	}
	return nil
}

func auditTime(r audit.Record) string {
	s := when(r.At)
	if r.ClockBack > 0 {
		s += fmt.Sprintf(" (clock set back by %s)", time.Duration(r.ClockBack)*time.Millisecond)
	}
	return s
}

func auditActor(a audit.Actor) string {
	if a.Name != "" {
		return a.Name
	}
	return a.ID
}

func auditObject(o audit.Object) string {
	if o.Name == "" {
		return o.Kind
	}
	return o.Kind + "/" + o.Name
}

type auditKeyCmd struct {
	connection
	output
}

// Run prints the public key as PEM, its fingerprint to standard error: `signalbox audit key > audit.pub` keeps the key.
func (c *auditKeyCmd) Run(w *world) error {
	var k struct {
		Fingerprint string      `json:"fingerprint"`
		PublicKey   string      `json:"public_key"`
		Keys        []audit.Key `json:"keys"`
	}
	if err := c.call(w, http.MethodGet, own("/audit/key"), nil, &k); err != nil {
		return err
	}
	if c.Output == "json" {
		return c.print(w, nil, k)
	}
	fmt.Fprint(w.out, k.PublicKey)
	fmt.Fprintln(w.err, "fingerprint", k.Fingerprint)
	return nil
}

// auditRotateCmd changes the key that signs.
type auditRotateCmd struct {
	connection
	output
	Reason string `required:"" help:"Why, for the record." placeholder:"TEXT"`
}

// Run has the server sign with a new key and prints its fingerprint.
func (c *auditRotateCmd) Run(w *world) error {
	var k audit.Key
	if err := c.call(w, http.MethodPost, own("/audit/rotate"), map[string]string{"reason": c.Reason}, &k); err != nil {
		return err
	}
	if c.Output == "json" {
		return c.print(w, nil, k)
	}
	fmt.Fprintln(w.out, "the log is signed by", k.Fingerprint, "from now on; keep the public key: signalbox audit key > audit.pub")
	return nil
}

// readAuditKey reads --key: a file with the public key, or its 64 hexadecimal digits.
func readAuditKey(text string) (audit.VerifyOptions, error) {
	if text == "" {
		return audit.VerifyOptions{}, nil
	}
	if b, err := os.ReadFile(text); err == nil {
		text = string(b)
	} else if _, bad := audit.ParsePublicKey(text); bad != nil {
		return audit.VerifyOptions{}, usage("--key %q: want a file with a public key, or its 64 hexadecimal digits: %v", text, err)
	}
	k, err := audit.ParsePublicKey(text)
	if err != nil {
		return audit.VerifyOptions{}, err
	}
	return audit.VerifyOptions{Keys: []ed25519.PublicKey{k}}, nil
}
