package audit

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
)

// Filter chooses records. Zero fields do not choose. From and To are Unix ms, both included.
type Filter struct {
	From       int64  `json:"from,omitempty"`
	To         int64  `json:"to,omitempty"`
	Actor      string `json:"actor,omitempty"` // id or name, whole
	Action     string `json:"action,omitempty"`
	ObjectKind string `json:"object_kind,omitempty"`
	ObjectName string `json:"object_name,omitempty"`
	Outcome    string `json:"outcome,omitempty"`
	Text       string `json:"text,omitempty"` // somewhere in the record, ASCII letters of either case
	Before     int64  `json:"-"`              // records with a smaller seq: the next page
	Limit      int    `json:"-"`              // 0 means 100, at most 10,000
}

const (
	usualLimit = 100
	mostLimit  = 10_000
	maxText    = 256
)

func bound(limit int) int {
	if limit <= 0 {
		return usualLimit
	}
	return min(limit, mostLimit)
}

// narrow reports whether the filter leaves records out.
func (f Filter) narrow() bool {
	f.Before, f.Limit = 0, 0
	return f != Filter{}
}

// validate refuses what cannot be asked.
func (f Filter) validate() error {
	switch {
	case f.Outcome != "" && f.Outcome != Done && f.Outcome != Denied && f.Outcome != Failed:
		return fault.New(fault.Invalid, "outcome %q: want %s, %s or %s", f.Outcome, Done, Denied, Failed)
	case f.To != 0 && f.From > f.To:
		return fault.New(fault.Invalid, "from %d is after to %d: want from <= to, in Unix milliseconds", f.From, f.To)
	case len(f.Text) > maxText:
		return fault.New(fault.Invalid, "the text to look for has %d bytes: want %d at most", len(f.Text), maxText)
	}
	return nil
}

// where is a list of conditions with their arguments.
type where struct {
	conditions []string
	args       []any
}

func (w *where) and(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

// branch is a choice of at most limit record numbers, the newest first, by one index. actor is the column that Filter.Actor
// is compared with.
func (f Filter) branch(actor string, limit int) (string, []any) {
	order := "seq"
	if f.Actor == "" && f.Action == "" && f.ObjectKind == "" && f.ObjectName == "" && f.Text == "" && (f.Outcome == "" || f.Outcome == Done) && f.From != 0 {
		// A range of time alone: its own index bounds what is read. The plus keeps the planner from walking the whole chain
		// in the order of the key instead.
		order = "+seq"
	}
	w := f.conditions(actor, order)
	return "SELECT seq FROM (SELECT seq FROM audit_record WHERE " + strings.Join(w.conditions, " AND ") + " ORDER BY " + order + " DESC LIMIT ?)", append(w.args, limit)
}

// conditions are the filter in SQL; seq is how the number of a record is written.
func (f Filter) conditions(actor, seq string) where {
	var w where
	if f.Before > 0 {
		w.and(seq+" < ?", f.Before)
	} else {
		w.and(seq + " > 0")
	}
	if f.Actor != "" {
		w.and(actor+" = ?", f.Actor)
	}
	if f.Action != "" {
		w.and("action = ?", f.Action)
	}
	if f.ObjectName != "" {
		w.and("object_name = ?", f.ObjectName)
	}
	if f.ObjectKind != "" {
		w.and("object_kind = ?", f.ObjectKind)
	}
	if f.Outcome != "" {
		w.and("outcome = ?", f.Outcome)
		if f.Outcome != Done {
			w.and("outcome <> 'done'") // says in the words of the index that it may be used
		}
	}
	if f.From != 0 {
		w.and("at >= ?", f.From)
	}
	if f.To != 0 {
		w.and("at <= ?", f.To)
	}
	if f.Text != "" {
		w.and(`body LIKE ? ESCAPE '\'`, "%"+likeText(f.Text)+"%")
	}
	return w
}

// likeText is a text as it stands in a body, with the signs of LIKE escaped.
func likeText(text string) string {
	quoted := appendString(nil, text)
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(string(quoted[1 : len(quoted)-1]))
}

// query is the whole question.
func (f Filter) query(template string) (string, []any) {
	limit := bound(f.Limit)
	branches, args := f.branch("actor_id", limit)
	if f.Actor != "" {
		byName, more := f.branch("actor_name", limit)
		branches, args = branches+" UNION "+byName, append(args, more...)
	}
	return strings.Replace(template, "{branches}", branches, 1), append(args, limit)
}

// Find returns records, the newest first. The next page is asked for with Before set to the last Seq.
func (l *Log) Find(ctx context.Context, f Filter) ([]Record, error) {
	if err := f.validate(); err != nil {
		return nil, err
	}
	query, args := f.query(l.sql["find"])
	rows, err := l.o.DB.SQL().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("audit: find: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	out := []Record{}
	for rows.Next() {
		var seq int64
		var hash string
		var body []byte
		if err := rows.Scan(&seq, &hash, &body); err != nil {
			return nil, fmt.Errorf("audit: find: %w", err)
		}
		r, err := decode(body)
		if err != nil { // it is shown with what can be read; Verify says what happened to it
			r = Record{Reason: "this record was changed and cannot be read"}
		}
		r.Seq, r.Hash = seq, hash
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("audit: find: %w", err)
	}
	return out, nil
}

// matches is the filter in Go, for the records that an export reads one after another.
func (f Filter) matches(body []byte) bool {
	r, err := decode(body)
	if err != nil {
		return false
	}
	return (f.From == 0 || r.At >= f.From) && (f.To == 0 || r.At <= f.To) && (f.Actor == "" || r.Actor.ID == f.Actor || r.Actor.Name == f.Actor) &&
		(f.Action == "" || r.Action == f.Action) && (f.ObjectKind == "" || r.Object.Kind == f.ObjectKind) && (f.ObjectName == "" || r.Object.Name == f.ObjectName) &&
		(f.Outcome == "" || r.Outcome == f.Outcome) && (f.Text == "" || f.matchesText(body))
}

func (f Filter) matchesText(body []byte) bool {
	quoted := appendString(nil, f.Text)
	return bytes.Contains(asciiLower(body), asciiLower(quoted[1:len(quoted)-1]))
}

// asciiLower is LIKE's idea of case.
func asciiLower(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		out[i] = c
	}
	return out
}
