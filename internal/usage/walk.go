package usage

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// maxAnonymous bounds the events of people who are known by their session alone, which are put together in memory.
const maxAnonymous = 5_000_000

// walkers is how many parts of the people are read side by side.
const walkers = 2

// walker is what one part of a walk does with rows: take makes of a row what is needed of it, or nothing, and each gets what was
// made of one person's rows, in order of time. Its slice is used again. Rows of nobody are shown to take only.
type walker[T any] struct {
	tell []rowstore.Teller // its answers are for take
	take func(*rowstore.Row) (T, bool)
	each func([]T)
	who  func(user, session string) // says before each whose rows come, where it is set; session is of somebody without a user
	sees int                        // which teller says what may be seen, from 1; 0: everything may
}

// walk reads events of what may be seen person by person, parts of the people side by side; begin makes what each part needs. It
// returns how many rows of people were taken.
func walk[T any](ctx context.Context, r *Room, see func(App) bool, q rowstore.Scan, begin func(part int) walker[T]) (taken int64, err error) {
	done, err := r.admit(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all [walkers]int64
	var wait sync.WaitGroup
	for part := range walkers {
		w, q := begin(part), q
		if see != nil {
			w.tell, w.sees = append(w.tell, sight(see)), len(w.tell)+1
		}
		q.ByUser, q.Part, q.Parts, q.Tell = true, part, walkers, w.tell
		wait.Go(func() {
			var err error
			if all[part], err = w.walk(ctx, r.opt.Rows, q); err != nil {
				stop(err)
			}
		})
	}
	wait.Wait()
	for _, n := range all {
		taken += n
	}
	return taken, context.Cause(ctx)
}

func (w walker[T]) walk(ctx context.Context, store rowstore.Store, q rowstore.Scan) (taken int64, err error) {
	var user string
	var mine []T
	unknown := map[string][]T{}
	anonymous := 0
	flush := func() {
		if len(mine) > 0 {
			w.person(user, "", mine)
		}
		mine = mine[:0]
	}
	err = store.Scan(ctx, q, func(rows []rowstore.Row) error {
		for i := range rows {
			r := &rows[i]
			if w.sees > 0 && r.Told[w.sees-1] == 0 {
				continue
			}
			x, ok := w.take(r)
			if !ok || r.User == "" && r.Session == "" {
				continue
			}
			if r.User != user {
				flush()
				user = strings.Clone(r.User)
			}
			taken++
			if r.User != "" {
				mine = append(mine, x)
				continue
			}
			if anonymous++; anonymous > maxAnonymous/walkers {
				return fault.New(fault.TooLarge, "the range holds more than %d events of people who are known by their session only", maxAnonymous).Hint("Take a shorter range or a narrower filter.")
			}
			if xs, ok := unknown[r.Session]; ok {
				unknown[r.Session] = append(xs, x)
			} else {
				unknown[strings.Clone(r.Session)] = []T{x}
			}
		}
		return ctx.Err()
	})
	if err != nil {
		return 0, err
	}
	flush()
	for session, xs := range unknown {
		w.person("", session, xs)
	}
	return taken, nil
}

func (w walker[T]) person(user, session string, xs []T) {
	if w.who != nil {
		w.who(user, session)
	}
	w.each(xs)
}

// finder finds the period of a time; most come in runs of one day.
type finder struct {
	starts []int32
	day    int32
	at     int
}

func newFinder(starts []int32) finder { return finder{starts, noDay, -1} }

// of is the index of the period that a day lies in, -1 before the first.
func (f *finder) of(day int32) int {
	if day != f.day {
		f.day, f.at = day, periodAt(f.starts, day)
	}
	return f.at
}

// sight tells 1 of rows whose application may be seen.
func sight(see func(App) bool) rowstore.Teller {
	return rowstore.Teller{Fields: []string{"service", "env", "agency"}, Of: func(r *rowstore.Row) uint32 {
		if see(App{strings.Clone(r.Service), strings.Clone(r.Env), strings.Clone(r.Agency)}) {
			return 1
		}
		return 0
	}}
}

// tested tells which of some tests hold, the first in the lowest bit; es is what they test.
func tested(tests []func(*rowstore.Row) bool, es []rowstore.Expr) rowstore.Teller {
	return rowstore.Teller{Fields: looks(es), Of: func(r *rowstore.Row) (out uint32) {
		for i, test := range tests {
			if test(r) {
				out |= 1 << i
			}
		}
		return out
	}}
}

// compiled is several expressions as tests; the error names what is wrong with which.
func compiled(es []rowstore.Expr, what string) ([]func(*rowstore.Row) bool, error) {
	out := make([]func(*rowstore.Row) bool, len(es))
	for i, e := range es {
		f, err := e.Compile()
		if err != nil {
			return nil, fault.New(fault.Invalid, "%s %d cannot be used: %w", what, i+1, err)
		}
		out[i] = f
	}
	return out, nil
}

// needs is the fields that a scan has to fill for expressions and for what the answer looks at; nil: all.
func needs(es []rowstore.Expr, more ...string) []string {
	out := looks(es)
	if out == nil {
		return nil
	}
	for _, f := range append([]string{"time", "user", "session"}, more...) {
		if f != "" && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// looks is the fields that expressions look at; nil: all.
func looks(es []rowstore.Expr) []string {
	out := []string{}
	for _, e := range es {
		if m := e.Match; m != nil && m.Field == "*" {
			return nil
		} else if m != nil && !slices.Contains(out, m.Field) {
			out = append(out, m.Field)
		}
		parts := slices.Concat(e.And, e.Or)
		if e.Not != nil {
			parts = append(parts, *e.Not)
		}
		more := looks(parts)
		if more == nil {
			return nil
		}
		for _, f := range more {
			if !slices.Contains(out, f) {
				out = append(out, f)
			}
		}
	}
	return out
}

// expr is what a scope's labels choose.
func (q Scope) expr() rowstore.Expr {
	var es []rowstore.Expr
	for _, x := range [][2]string{{"service", q.Service}, {"env", q.Env}, {"agency", q.Agency}} {
		if x[1] != "" {
			es = append(es, rowstore.Is(x[0], x[1]))
		}
	}
	return rowstore.All(es...)
}
