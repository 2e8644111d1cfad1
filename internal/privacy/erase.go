package privacy

import (
	"context"
	"database/sql"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// shortestSearch is the length below which an id is not looked for in texts: every other row would hold it.
const shortestSearch = 5

// Erase begins to remove everything that is kept of a person, by the id that the house knows them by (as senders send it), and
// returns the numbered request. Run carries it out, also after a crash; Get tells how far it is. Rows of the person that
// arrive meanwhile are not covered.
func (p *Privacy) Erase(ctx context.Context, who Who, subject string) (Request, error) {
	if p.o.Erase == nil {
		return Request{}, fault.New(fault.Unavailable, "no store of rows is open, so nothing can be erased")
	}
	r, err := p.open(ctx, KindErase, who, subject)
	if err != nil {
		return Request{}, err
	}
	select {
	case p.wake <- struct{}{}:
	default:
	}
	return r, nil
}

// work carries out the erasures that wait, one after the other.
func (p *Privacy) work(ctx context.Context) {
	p.busy.Lock()
	defer p.busy.Unlock()
	rs, err := p.requests(ctx, "running")
	if err != nil {
		if ctx.Err() == nil {
			p.o.Logger.Error("Privacy requests could not be read", "err", err)
		}
		return
	}
	for _, r := range rs {
		if r.Kind != KindErase {
			continue
		}
		c, err := p.erase(ctx, r)
		if ctx.Err() != nil {
			return // goes on at the next start
		}
		if k := fault.KindOf(err); err != nil && (k == fault.Unavailable || k == fault.Limited) {
			p.o.Logger.Error("An erasure waits and will be tried again", "request", r.ID, "err", err)
			continue
		}
		if err != nil {
			p.o.Logger.Error("An erasure failed; it has to be asked for again", "request", r.ID, "err", err)
			c = nil
		}
		if err := p.end(ctx, r, c, err); err != nil && ctx.Err() == nil {
			p.o.Logger.Error("A privacy request could not be closed and will be tried again", "request", r.ID, "err", err)
		}
	}
}

// erase removes a person from the rows and from what others keep. It may run again from the start at any time.
func (p *Privacy) erase(ctx context.Context, r Request) (*Certificate, error) {
	subject, err := p.unseal(r)
	if err != nil {
		return nil, err
	}
	if p.o.Erase == nil {
		return nil, fault.New(fault.Unavailable, "no store of rows is open, so nothing can be erased")
	}
	err = p.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, p.sql["begin run"], p.o.Now().UnixMilli(), r.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	names := p.Pseudonyms(subject)
	told := time.Time{}
	erased, err := p.o.Erase(ctx, Matching(subject, names), func(done, of int) {
		if now := p.o.Now(); done == of || now.Sub(told) >= time.Second {
			told = now
			if err := p.progress(ctx, r.ID, done, of); err != nil && ctx.Err() == nil {
				p.o.Logger.Error("The progress of an erasure could not be kept", "request", r.ID, "err", err)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	forgot := []Forgot{}
	for _, o := range p.o.Others {
		known, err := o.Forget(ctx, names)
		if err != nil {
			return nil, err
		}
		forgot = append(forgot, Forgot{o.Place, known})
	}
	var left []Left
	if p.o.Left != nil {
		if left, err = p.o.Left(ctx); err != nil {
			return nil, err
		}
	}
	keys, err := p.Keys(ctx)
	if err != nil {
		return nil, err
	}
	return p.certify(r, subject, erased, forgot, left, keys)
}

func (p *Privacy) progress(ctx context.Context, id int64, done, of int) error {
	return p.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, p.sql["progress"], p.o.Now().UnixMilli(), done, of, id)
		return err
	})
}

// Matching chooses the rows of a person: theirs by pseudonym, those that hold one of the pseudonyms, and those that hold the
// id itself where it is long enough to be told from other text.
func Matching(subject string, pseudonyms []string) rowstore.Expr {
	var es []rowstore.Expr
	for _, name := range pseudonyms {
		es = append(es, rowstore.Is("user", name), rowstore.Is("session", name), rowstore.Is("business_id", name), contains(name))
	}
	es = append(es, rowstore.Is("user", subject), rowstore.Is("session", subject), rowstore.Is("business_id", subject))
	if len(subject) >= shortestSearch {
		es = append(es, contains(subject))
	}
	return rowstore.Any(es...)
}

func contains(text string) rowstore.Expr {
	return rowstore.Expr{Match: &rowstore.Match{Field: "*", Op: rowstore.Contains, Value: text}}
}
