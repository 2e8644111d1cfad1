package privacy

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
)

// The kinds and states of a request.
const (
	KindErase  = "erase"
	KindExport = "export"

	Running = "running"
	Done    = "done"
	Failed  = "failed"
)

// Request is what a data subject asked for through somebody of the house. Instants are Unix ms.
type Request struct {
	ID          int64        `json:"id"`
	Kind        string       `json:"kind" enum:"erase,export"`
	State       string       `json:"state" enum:"running,done,failed"`
	By          audit.Actor  `json:"by"`
	Reason      string       `json:"reason,omitempty"`
	CreatedAt   int64        `json:"created_at"`
	UpdatedAt   int64        `json:"updated_at"`
	PartsDone   int          `json:"parts_done" doc:"Progress, in parts of the store"`
	Parts       int          `json:"parts"`
	Failure     string       `json:"failure,omitempty"`
	Certificate *Certificate `json:"certificate,omitempty"`

	runs    int
	subject string // sealed
}

// Who asks, and why. Source and Request are the remote address and the id of the HTTP request, for the audit record.
type Who struct {
	audit.Actor
	Reason  string
	Source  string
	Request string
}

// maxSubject bounds the id of a subject.
const maxSubject = 1024

// Get returns a request.
func (p *Privacy) Get(ctx context.Context, id int64) (Request, error) {
	r, err := scanRequest(p.o.DB.SQL().QueryRowContext(ctx, p.sql["request"], id))
	if errors.Is(err, sql.ErrNoRows) {
		return Request{}, fault.New(fault.NotFound, "there is no privacy request %d", id)
	}
	return r, err
}

// List returns all requests, the newest first.
func (p *Privacy) List(ctx context.Context) ([]Request, error) { return p.requests(ctx, "requests") }

func (p *Privacy) requests(ctx context.Context, statement string) ([]Request, error) {
	rows, err := p.o.DB.SQL().QueryContext(ctx, p.sql[statement])
	if err != nil {
		return nil, fmt.Errorf("privacy: read the requests: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	out := []Request{}
	for rows.Next() {
		r, err := scanRequest(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func scanRequest(row interface{ Scan(...any) error }) (Request, error) {
	var r Request
	var by, certificate string
	if err := row.Scan(&r.ID, &r.Kind, &r.State, &by, &r.Reason, &r.CreatedAt, &r.UpdatedAt, &r.PartsDone, &r.Parts, &r.runs, &r.subject, &certificate, &r.Failure); err != nil {
		return Request{}, fmt.Errorf("privacy: read a request: %w", err)
	}
	if err := json.Unmarshal([]byte(by), &r.By); err != nil {
		return Request{}, fmt.Errorf("privacy: request %d: %w", r.ID, err)
	}
	if certificate != "" {
		r.Certificate = new(Certificate)
		if err := json.Unmarshal([]byte(certificate), r.Certificate); err != nil {
			return Request{}, fmt.Errorf("privacy: certificate %d: %w", r.ID, err)
		}
	}
	return r, nil
}

// open begins a request: its number, its record, and for an erasure the sealed subject.
func (p *Privacy) open(ctx context.Context, kind string, who Who, subject string) (Request, error) {
	if subject == "" || len(subject) > maxSubject {
		return Request{}, fault.New(fault.Invalid, "the id of the person has %d bytes; want 1 to %d", len(subject), maxSubject)
	}
	by, err := json.Marshal(who.Actor)
	if err != nil {
		return Request{}, fmt.Errorf("privacy: %w", err)
	}
	now := p.o.Now().UnixMilli()
	r := Request{Kind: kind, State: Running, By: who.Actor, Reason: who.Reason, CreatedAt: now, UpdatedAt: now}
	err = p.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, p.sql["newest request"]).Scan(&r.ID); err != nil {
			return err
		}
		r.ID++
		if kind == KindErase {
			var err error
			if r.subject, err = p.seal(r.ID, subject); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, p.sql["insert request"], r.ID, kind, string(by), who.Reason, now, now, r.subject); err != nil {
			return err
		}
		return p.o.Audit.Append(ctx, tx, p.record(r, who, audit.Done, map[string]string{"state": "asked"}))
	})
	if err != nil {
		return Request{}, fmt.Errorf("privacy: begin a request: %w", err)
	}
	p.count(ctx)
	return r, nil
}

// record is the audit record of a step of a request; it names the number and nobody.
func (p *Privacy) record(r Request, who Who, outcome string, detail map[string]string) audit.Record {
	return audit.Record{Actor: who.Actor, Action: r.Kind + "_person", Object: audit.Object{Kind: "PrivacyRequest", Name: strconv.FormatInt(r.ID, 10)},
		Outcome: outcome, Reason: who.Reason, Source: who.Source, Request: who.Request, Detail: detail}
}

// end closes a request, with its record, and then destroys what could still open the subject.
func (p *Privacy) end(ctx context.Context, r Request, c *Certificate, failure error) error {
	r.State, r.UpdatedAt = Done, p.o.Now().UnixMilli()
	outcome, certificate, detail := audit.Done, "", map[string]string{"state": Done}
	if failure != nil {
		r.State, r.Failure = Failed, fault.Outside(failure)
		outcome, detail["state"], detail["failure"] = audit.Failed, Failed, r.Failure
	}
	if c != nil {
		text, err := json.Marshal(c)
		if err != nil {
			return fmt.Errorf("privacy: certificate %d: %w", r.ID, err)
		}
		certificate, detail["certificate"] = string(text), c.Digest
		for t, n := range c.Rows {
			detail[t] = strconv.FormatInt(n, 10)
		}
	}
	err := p.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, p.sql["end request"], r.State, r.UpdatedAt, certificate, r.Failure, r.ID); err != nil {
			return err
		}
		return p.o.Audit.Append(ctx, tx, p.record(r, Who{Actor: r.By, Reason: r.Reason}, outcome, detail))
	})
	if err != nil {
		return fmt.Errorf("privacy: end request %d: %w", r.ID, err)
	}
	p.count(ctx)
	return shred(p.sealFile(r.ID))
}

// count shows how many requests have not ended.
func (p *Privacy) count(ctx context.Context) {
	if rs, err := p.requests(ctx, "running"); err == nil {
		p.unfinished.Set(float64(len(rs)))
	}
}

// interrupted looks after what a crash left: an export is over with its connection, and an erasure goes on in Run. The
// keys of requests that ended are destroyed, should the crash have come just before that.
func (p *Privacy) interrupted(ctx context.Context) error {
	rs, err := p.List(ctx)
	if err != nil {
		return err
	}
	for _, r := range rs {
		switch {
		case r.State != Running:
			err = shred(p.sealFile(r.ID))
		case r.Kind == KindExport:
			err = p.end(ctx, r, nil, fault.New(fault.Unavailable, "signalbox was stopped before the export was complete").Hint("Ask for it again"))
		}
		if err != nil {
			return err
		}
	}
	p.count(ctx)
	return nil
}
