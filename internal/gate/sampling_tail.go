package gate

import (
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// TailRule says which traces a row store keeps for good, in plain values: those with an error or slower than a time, as far
// as it asks, and a share of the others.
type TailRule struct {
	Where      rowstore.Expr
	Errors     bool
	SlowerThan time.Duration // 0: slowness does not count
	Share      float64
}

// Tail returns the tail rules in force, the first that matches a trace's spans counts.
func (s *Sampler) Tail() []TailRule {
	var out []TailRule
	for _, r := range *s.rules.Load() {
		if r.tail == nil {
			continue
		}
		where := rowstore.OfMatchers(r.match)
		if r.source != "" {
			where = rowstore.All(where, rowstore.Is("source", r.source))
		}
		for _, o := range r.head.routes {
			w := where
			if strings.Contains(o.route, "*") {
				w = rowstore.All(where, rowstore.Expr{Match: &rowstore.Match{Field: "route", Op: rowstore.Matches, Value: globPattern(o.route)}})
			} else if o.route != "" {
				w = rowstore.All(where, rowstore.Is("route", o.route))
			}
			out = append(out, TailRule{Where: w, Errors: r.tail.Errors, SlowerThan: r.tail.SlowerThan, Share: o.rate})
		}
	}
	return out
}

// globPattern is a pattern of a route as an anchored regular expression.
func globPattern(route string) string {
	var b strings.Builder
	for _, c := range route {
		switch {
		case c == '*':
			b.WriteString(".*")
		case strings.ContainsRune(`\.+?()|[]{}^$`, c):
			b.WriteByte('\\')
			fallthrough
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
