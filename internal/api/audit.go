package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/audit"
)

// Audit is what the API asks of the audit chain; *audit.Log answers it.
type Audit interface {
	Find(ctx context.Context, f audit.Filter) ([]audit.Record, error)
	Verify(ctx context.Context, o audit.VerifyOptions) (audit.Report, error)
	Digests(ctx context.Context, before int64, limit int) ([]audit.Digest, error)
	Head(ctx context.Context) (audit.Point, error)
	Key(ctx context.Context) (audit.Key, error)
	Keys(ctx context.Context) ([]audit.Key, error)
	Export(ctx context.Context, w io.Writer, f audit.Filter) error
	Write(ctx context.Context, r audit.Record) error
	Rotate(ctx context.Context, by audit.Actor, reason string) (audit.Key, error)
}

// AuditBody is a page of the audit chain, newest first.
type AuditBody struct {
	Records []audit.Record `json:"records"`
	More    bool           `json:"more" doc:"There are older ones: ask again with before = the last seq"`
	Head    audit.Point    `json:"head"`
}

// VerifyBody says whether the chain is whole.
type VerifyBody struct {
	audit.Report
	Sentence string `json:"sentence"`
	TookMS   int64  `json:"took_ms"`
	At       int64  `json:"at"`
}

// DigestsBody lists the hourly digests, newest first.
type DigestsBody struct {
	Digests []audit.Digest `json:"digests"`
}

// KeyBody is the public half of the key that signs.
type KeyBody struct {
	Fingerprint string      `json:"fingerprint"`
	PublicKey   string      `json:"public_key" doc:"PEM, as openssl reads it"`
	Keys        []audit.Key `json:"keys" doc:"All that ever signed, the oldest first"`
}

type auditInput struct {
	Span
	Actor      string `query:"actor" maxLength:"256" doc:"Id or name, whole"`
	Action     string `query:"action" maxLength:"64"`
	ObjectKind string `query:"object_kind" maxLength:"64"`
	ObjectName string `query:"object_name" maxLength:"256"`
	Outcome    string `query:"outcome" enum:"done,denied,failed"`
	Text       string `query:"text" maxLength:"256"`
	Before     int64  `query:"before" minimum:"0" doc:"Only records with a smaller seq"`
	Limit      int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

func (in *auditInput) filter() audit.Filter {
	return audit.Filter{From: in.From, To: in.To, Actor: in.Actor, Action: in.Action, ObjectKind: in.ObjectKind, ObjectName: in.ObjectName, Outcome: in.Outcome, Text: in.Text}
}

type digestsInput struct {
	Before int64 `query:"before" minimum:"0" doc:"Only digests with a smaller number"`
	Limit  int   `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

type verifyInput struct {
	Indexes bool     `query:"indexes" doc:"Also compare the store's indexes with the records, so that a search cannot hide one; slow"`
	Anchor  []string `query:"anchor,explode" maxItems:"16" doc:"SEQ:HASH as it was told to the world outside"`
}

// registerAudit describes what concerns the audit chain.
func (a *API) registerAudit(m *table) {
	l := a.o.Audit
	if l == nil {
		m.absent = "audit chain"
		defer func() { m.absent = "" }()
	}
	add(a, m, "audit", http.MethodGet, "/audit", access.ReadAudit, "Who did what, newest first", func(ctx context.Context, in *auditInput) (*out[AuditBody], error) {
		f := in.filter()
		f.Before, f.Limit = in.Before, in.Limit+1
		rs, err := l.Find(ctx, f)
		if err != nil {
			return nil, err
		}
		b := AuditBody{More: len(rs) > in.Limit}
		b.Records = list(rs[:min(len(rs), in.Limit)])
		b.Head, err = l.Head(ctx)
		return &out[AuditBody]{b}, err
	})
	add(a, m, "audit-verify", http.MethodGet, "/audit/verify", access.ReadAudit, "Verify the whole chain and name the first broken record", func(ctx context.Context, in *verifyInput) (*out[VerifyBody], error) {
		began := time.Now()
		o := audit.VerifyOptions{Indexes: in.Indexes}
		for _, text := range in.Anchor {
			p, err := audit.ParseAnchor(text)
			if err != nil {
				return nil, err
			}
			o.Anchors = append(o.Anchors, p)
		}
		r, err := l.Verify(ctx, o)
		if err != nil {
			return nil, err
		}
		r.Keys, r.Notes = list(r.Keys), list(r.Notes)
		b := VerifyBody{Report: r, TookMS: time.Since(began).Milliseconds(), At: a.o.Now().UnixMilli()}
		if r.Break != nil {
			b.Sentence = "The chain is broken: " + r.Break.String()
		} else {
			b.Sentence = fmt.Sprintf("The chain is whole: %d records, %d digests.", r.Records, r.Digests)
		}
		return &out[VerifyBody]{b}, a.record(ctx, "verify", audit.Object{Kind: "audit"}, b.Sentence)
	})
	add(a, m, "audit-digests", http.MethodGet, "/audit/digests", access.ReadAudit, "The signed digests, one for each hour", func(ctx context.Context, in *digestsInput) (*out[DigestsBody], error) {
		ds, err := l.Digests(ctx, in.Before, in.Limit)
		return &out[DigestsBody]{DigestsBody{list(ds)}}, err
	})
	add(a, m, "audit-key", http.MethodGet, "/audit/key", access.ReadAudit, "The public key that verifies an export", func(ctx context.Context, _ *struct{}) (*out[KeyBody], error) {
		k, err := l.Key(ctx)
		if err != nil {
			return nil, err
		}
		pem, err := k.PEM()
		if err != nil {
			return nil, err
		}
		all, err := l.Keys(ctx)
		return &out[KeyBody]{KeyBody{Fingerprint: k.Fingerprint, PublicKey: pem, Keys: list(all)}}, err
	})
	add(a, m, "audit-rotate", http.MethodPost, "/audit/rotate", access.Operate, "Sign with a new key from now on; the old one vouches for it", func(ctx context.Context, in *bodyInput[ReasonInput]) (*out[audit.Key], error) {
		k, err := l.Rotate(ctx, access.Record(ctx, "key_rotate", audit.Object{}).Actor, in.Body.Reason)
		return &out[audit.Key]{k}, err
	})
	add(a, m, "audit-export", http.MethodGet, "/audit/export", access.ExportAudit, "The chain as a file that verifies offline (JSON Lines)", func(ctx context.Context, in *auditInput) (*huma.StreamResponse, error) {
		if err := a.record(ctx, "export", audit.Object{Kind: "audit"}, ""); err != nil {
			return nil, err
		}
		return &huma.StreamResponse{Body: func(h huma.Context) {
			h.SetHeader("Content-Type", "application/x-ndjson")
			h.SetHeader("Content-Disposition", `attachment; filename="signalbox-audit.jsonl"`)
			_, rw := humago.Unwrap(h)
			if err := l.Export(ctx, patient{rw, http.NewResponseController(rw)}, in.filter()); err != nil {
				a.o.Logger.Error("audit export was cut off", "err", err)
				panic(http.ErrAbortHandler) // a cut connection, never a short file that looks whole
			}
		}}, nil
	})
}

// patient gives each write of a long answer its own time: a file of hours must not end with the deadline of one request.
type patient struct {
	io.Writer
	rc *http.ResponseController
}

// Write implements io.Writer.
func (p patient) Write(b []byte) (int, error) {
	// A recorder of a test has no deadlines; a server's connection always does.
	_ = p.rc.SetWriteDeadline(time.Now().Add(time.Minute))
	return p.Writer.Write(b)
}

// record writes what somebody did through the API that changes nothing by itself. Without an audit chain there is none.
func (a *API) record(ctx context.Context, action string, object audit.Object, reason string) error {
	if a.o.Audit == nil {
		return nil
	}
	r := access.Record(ctx, action, object)
	r.Reason = reason
	return a.o.Audit.Write(ctx, r)
}
