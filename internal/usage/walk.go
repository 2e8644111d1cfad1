package usage

import (
	"context"
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
	take func(*rowstore.Row) (T, bool)
	each func([]T)
	who  func(user, session string) // says before each whose rows come, where it is set; session is of somebody without a user
}

// walk reads events person by person, parts of the people side by side; begin makes what each part needs. It returns how many
// rows of people were taken.
func walk[T any](ctx context.Context, r *Room, q rowstore.Scan, begin func(part int) walker[T]) (taken int64, err error) {
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
		q.ByUser, q.Part, q.Parts = true, part, walkers
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

// seer is sees with a memory: asking about an application may take long.
func (q Scope) seer() func(*rowstore.Row) bool {
	if q.See == nil {
		return func(*rowstore.Row) bool { return true }
	}
	known := map[App]bool{}
	var last App
	seen := false
	return func(r *rowstore.Row) bool {
		a := App{r.Service, r.Env, r.Agency}
		if a == last && len(known) > 0 {
			return seen
		}
		v, ok := known[a]
		if !ok {
			a = App{strings.Clone(a.Service), strings.Clone(a.Env), strings.Clone(a.Agency)}
			v = q.See(a)
			known[a] = v
			last, seen = a, v
		}
		return v
	}
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

// needs is the fields that a scan has to fill for expressions and for what the answer looks at.
func needs(es []rowstore.Expr, more ...string) []string {
	have := map[string]bool{}
	out := []string{}
	add := func(f string) {
		if !have[f] {
			have[f] = true
			out = append(out, f)
		}
	}
	for _, f := range append([]string{"time", "user", "session"}, more...) {
		if f != "" {
			add(f)
		}
	}
	everything := false
	var look func(rowstore.Expr)
	look = func(e rowstore.Expr) {
		if e.Match != nil {
			everything = everything || e.Match.Field == "*"
			add(e.Match.Field)
		}
		if e.Not != nil {
			look(*e.Not)
		}
		for _, x := range e.And {
			look(x)
		}
		for _, x := range e.Or {
			look(x)
		}
	}
	for _, e := range es {
		look(e)
	}
	if everything {
		return nil
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

// looks is the fields that seer looks at.
func (q Scope) looks() []string {
	if q.See == nil {
		return nil
	}
	return []string{"service", "env", "agency"}
}
