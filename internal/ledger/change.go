package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/signalbox/signalbox/internal/fault"
)

//go:embed change.sql
var changeSQL string

// Mark is something that happened and may have had an effect on a KPI; charts show it as its letter.
type Mark struct {
	ID     string            `json:"id" doc:"The sender's, so that a retry is not a second mark; made from the content when left out"`
	At     int64             `json:"at" doc:"Unix ms; now when left out"`
	Letter string            `json:"letter" enum:"D,P,F,C,N,A" doc:"Deploy, policy, flag, configuration, note or action"`
	Word   string            `json:"word" doc:"The letter's word when left out"`
	Title  string            `json:"title"`
	Detail string            `json:"detail,omitempty"`
	Labels map[string]string `json:"labels,omitempty" doc:"What it concerns, such as service=\"intake\"; what is not said is not excluded"`
	KPI    string            `json:"kpi,omitempty" doc:"The only KPI that it concerns; all when left out"`
	Actor  string            `json:"actor,omitempty"`
	Source string            `json:"source,omitempty" doc:"The system that says so"`
	Link   string            `json:"link,omitempty" doc:"An http or https address, or a path of this server"`
}

// markWords are the words of the letters.
var markWords = map[string]string{"D": "Deploy", "P": "Policy", "F": "Flag", "C": "Config", "N": "Note", "A": "Action"}

// Bounds of a mark.
const (
	maxMarkID     = 200
	maxMarkWord   = 40
	maxMarkTitle  = 300
	maxMarkText   = 4000
	maxMarkLabels = 32
	maxMarkLabel  = 300
	// A mark may be this far ahead of the clock: other machines' clocks differ.
	maxMarkAhead = 24 * time.Hour
)

// complete fills what may be left out and refuses what is wrong.
func (m *Mark) complete(now time.Time) error {
	word, known := markWords[m.Letter]
	if m.At == 0 {
		m.At = now.UnixMilli()
	}
	if m.Word == "" {
		m.Word = word
	}
	m.Title = strings.TrimSpace(m.Title)
	switch {
	case !known:
		return fault.New(fault.Invalid, "letter %q: want D (deploy), P (policy), F (flag), C (configuration), N (note) or A (action)", m.Letter)
	case m.At < 0 || m.At > now.Add(maxMarkAhead).UnixMilli():
		return fault.New(fault.Invalid, "at %d: want Unix milliseconds that are not more than a day ahead; now is %d", m.At, now.UnixMilli())
	case m.Title == "":
		return fault.New(fault.Invalid, "title is missing: want a few words on what changed, such as \"intake 4.2\"")
	case m.Link != "" && !goodLink(m.Link):
		return fault.New(fault.Invalid, "link %.100q: want an address that begins with http:// or https://, or a path that begins with /", m.Link)
	case len(m.Labels) > maxMarkLabels:
		return fault.New(fault.Invalid, "labels: there are %d, want %d at most", len(m.Labels), maxMarkLabels)
	}
	for _, f := range []struct {
		name, text string
		most       int
	}{{"id", m.ID, maxMarkID}, {"word", m.Word, maxMarkWord}, {"title", m.Title, maxMarkTitle}, {"detail", m.Detail, maxMarkText}, {"kpi", m.KPI, maxMarkTitle},
		{"actor", m.Actor, maxMarkTitle}, {"source", m.Source, maxMarkTitle}, {"link", m.Link, maxMarkText}} {
		if len(f.text) > f.most || !utf8.ValidString(f.text) {
			return fault.New(fault.Invalid, "%s has %d bytes: want UTF-8 of %d at most", f.name, len(f.text), f.most)
		}
	}
	for k, v := range m.Labels {
		if k == "" || len(k) > maxMarkLabel || len(v) > maxMarkLabel || !utf8.ValidString(k+v) {
			return fault.New(fault.Invalid, "label %.100q: want a name and a value of %d bytes at most, in UTF-8", k, maxMarkLabel)
		}
	}
	if m.ID == "" {
		body, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("mark: %w", err)
		}
		sum := sha256.Sum256(body)
		m.ID = "mark-" + hex.EncodeToString(sum[:10])
	}
	return nil
}

// goodLink lets nothing through that a browser would run.
func goodLink(s string) bool {
	u, err := url.Parse(s)
	if err != nil {
		return false
	}
	if u.Scheme == "http" || u.Scheme == "https" {
		return u.Host != ""
	}
	return u.Scheme == "" && u.Host == "" && strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && !strings.HasPrefix(s, `/\`)
}

// AddMark keeps a mark and returns it with what was filled in. The same id again changes nothing, and fresh is false.
func (l *Ledger) AddMark(ctx context.Context, m Mark) (kept Mark, fresh bool, err error) {
	if err := m.complete(l.now()); err != nil {
		return Mark{}, false, err
	}
	body, err := json.Marshal(&m)
	if err != nil {
		return Mark{}, false, fmt.Errorf("mark %s: %w", m.ID, err)
	}
	err = l.db.Tx(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, l.sql["add"], m.ID, m.At, m.KPI, m.Letter, string(body))
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		fresh = n > 0
		return err
	})
	if err != nil {
		return Mark{}, false, fmt.Errorf("mark %s: %w", m.ID, err)
	}
	return m, fresh, nil
}

// MarkFilter chooses marks. Zero fields do not choose. Times are Unix ms, both included.
type MarkFilter struct {
	From, To int64
	KPI      string            // marks of this KPI, and those that name none
	Labels   map[string]string // marks that do not contradict: a label that a mark does not carry excludes nothing
	Letters  []string
	Limit    int // 0 means 100, at most 10,000
}

// Marks returns marks, the newest first.
func (l *Ledger) Marks(ctx context.Context, f MarkFilter) ([]Mark, error) {
	from, to, limit := Filter{From: f.From, To: f.To, Limit: f.Limit}.bounds()
	out := []Mark{}
	before, id := int64(math.MaxInt64), ""
	for {
		args := []any{from, to, before, before, id}
		statement := "in time"
		if f.KPI != "" {
			statement = "of a kpi"
			args = slices.Concat([]any{f.KPI}, args, args)
		}
		page, err := bodies[Mark](ctx, l, l.sql[statement], args...)
		if err != nil {
			return nil, fmt.Errorf("marks: %w", err)
		}
		for i := range page {
			if f.chooses(&page[i]) {
				out = append(out, page[i])
				if len(out) == limit {
					return out, nil
				}
			}
		}
		if len(page) < 1000 {
			return out, nil
		}
		before, id = page[len(page)-1].At, page[len(page)-1].ID
	}
}

func (f *MarkFilter) chooses(m *Mark) bool {
	if len(f.Letters) > 0 && !slices.Contains(f.Letters, m.Letter) {
		return false
	}
	for k, v := range f.Labels {
		if has, said := m.Labels[k]; said && has != v {
			return false
		}
	}
	return true
}

// ForgetMarks forgets marks older than before (Unix ms).
func (l *Ledger) ForgetMarks(ctx context.Context, before int64) error {
	err := l.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, l.sql["forget"], before)
		return err
	})
	if err != nil {
		return fmt.Errorf("forget marks: %w", err)
	}
	return nil
}
