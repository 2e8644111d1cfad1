package govern

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

// ErrConfirm is the cause of a refusal that a fresh personal sign-in lifts.
var ErrConfirm = errors.New("a recent personal sign-in is asked for")

// asker is who makes a request, and from where.
type asker struct {
	Who
	p       access.Principal
	house   bool // the house itself: the schedule, the files
	source  string
	request string
}

// askerOf returns who asks. Nobody is refused: the room has no open door.
func askerOf(ctx context.Context) (asker, error) {
	p, ok := access.From(ctx)
	if !ok {
		return asker{}, fault.New(fault.Unauthorized, "nobody is signed in")
	}
	kind := string(p.Kind)
	switch p.Kind {
	case "person", "token", "start":
	default:
		kind = "system"
	}
	return asker{Who: Who{ID: p.ID, Name: p.Name, Kind: kind}, p: p, source: access.Source(ctx), request: access.RequestID(ctx)}, nil
}

// house is the asker for what the schedule does.
var houseWho = Who{ID: "system", Name: "Signalbox", Kind: "system"}

func houseAsker() asker { return asker{Who: houseWho, house: true} }

// fileAsker is the asker for what a changed file wants: whoever may write the file is not known to us.
func fileAsker(path string) asker {
	return asker{Who: Who{ID: "file:" + path, Name: path, Kind: "file"}, house: true}
}

// may reports whether the asker may do a with policies of each of these labels.
func (a asker) may(act access.Action, on ...labels.Labels) bool {
	if a.house {
		return true
	}
	if !a.p.May(act) {
		return false
	}
	for _, l := range on {
		if !a.p.Covers(act, l) {
			return false
		}
	}
	return true
}

// whole reports whether the asker may do a without bounds.
func (a asker) whole(act access.Action) bool {
	if a.house {
		return true
	}
	_, whole := a.p.Scopes(act)
	return a.p.May(act) && whole
}

// person reports whether the asker is a human being who signed in as themselves.
func (a asker) person() bool { return !a.house && a.Kind == "person" && !a.p.Agent }

// is reports whether the asker is w.
func (a asker) is(w Who) bool { return a.ID == w.ID }

// roles are the roles that the asker has for every one of these labels.
func (a asker) roles(on []labels.Labels) []string {
	var out []string
	for _, g := range a.p.Grants {
		all := true
		for _, l := range on {
			for _, m := range g.Scope {
				all = all && m.Matches(l.Get(m.Name))
			}
		}
		if all && !slices.Contains(out, string(g.Role)) {
			out = append(out, string(g.Role))
		}
	}
	slices.Sort(out)
	return out
}

// record begins an audit record.
func (a asker) record(action string, object audit.Object) audit.Record {
	return audit.Record{
		Actor:  audit.Actor{ID: a.ID, Name: cmp.Or(a.p.Login, a.Name), Kind: a.Kind}, // a login is one person's alone
		Action: action, Object: object, Outcome: audit.Done, Source: a.source, Request: a.request,
	}
}

// denied writes the attempt and returns why it was refused. An attempt that cannot be written is refused all the same.
func (g *Govern) denied(ctx context.Context, a asker, action string, object audit.Object, why *fault.Error) error {
	g.metrics.denied.WithLabelValues(action).Inc()
	r := a.record(action, object)
	r.Outcome, r.Reason = audit.Denied, why.Sentence
	err := g.o.DB.Tx(context.WithoutCancel(ctx), func(tx *sql.Tx) error { return g.o.Audit(ctx, tx, r) })
	if err != nil {
		g.o.Logger.Error("a refused attempt could not be written to the audit log", "action", action, "who", a.ID, "err", err)
		return errors.Join(why, fmt.Errorf("write the refused attempt: %w", err))
	}
	return why
}

// onProposal and onPolicy name what an audit record is about.
func onProposal(id int64) audit.Object { return audit.Object{Kind: "proposal", Name: fmt.Sprint(id)} }
func onPolicy(ref policy.Ref) audit.Object {
	return audit.Object{Kind: string(ref.Kind), Name: ref.Name}
}

// detail says in an audit record which policies a proposal touches.
func detail(f *filed) map[string]string {
	var names []string
	for _, c := range f.Changes {
		names = append(names, c.ref().String())
	}
	more := ""
	if len(names) > 50 {
		more = fmt.Sprintf(" and %d more", len(names)-50)
		names = names[:50]
	}
	return map[string]string{"policies": strings.Join(names, " ") + more, "title": f.Title, "origin": f.Origin}
}
