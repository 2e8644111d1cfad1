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
	"github.com/signalbox/signalbox/internal/privacy"
)

// Privacy answers the requests of data subjects; *privacy.Privacy does.
type Privacy interface {
	Erase(ctx context.Context, who privacy.Who, subject string) (privacy.Request, error)
	Export(ctx context.Context, who privacy.Who, subject string, w io.Writer) (privacy.Request, error)
	Get(ctx context.Context, id int64) (privacy.Request, error)
	List(ctx context.Context) ([]privacy.Request, error)
	Keys(ctx context.Context) ([]privacy.Key, error)
}

// SubjectInput names a person. The id stands in the body alone: not in an address, a log or an audit record.
type SubjectInput struct {
	Subject string `json:"subject" minLength:"1" maxLength:"1024" doc:"The id by which the applications know the person"`
	Reason  string `json:"reason" minLength:"1" maxLength:"500" doc:"Such as the number of the person's letter; the person's id must not stand here"`
}

// PrivacyRequests lists requests, the newest first, and the keys of pseudonyms.
type PrivacyRequests struct {
	Requests []privacy.Request `json:"requests"`
	Keys     []privacy.Key     `json:"keys"`
}

// PrivacyRequest is one request with its certificate for people.
type PrivacyRequest struct {
	privacy.Request
	Text string `json:"text" doc:"The certificate as people read it; empty while it runs"`
}

type requestInput struct {
	ID int64 `path:"id" minimum:"1"`
}

// registerPrivacy describes the requests of data subjects.
func (a *API) registerPrivacy(m *table) {
	p := a.o.Privacy
	if p == nil {
		m.absent = "row store"
	}
	add(a, m, "privacy-erase", http.MethodPost, "/privacy/erase", access.ManagePrivacy, "Erase everything that is kept of a person", func(ctx context.Context, in *bodyInput[SubjectInput]) (*out[privacy.Request], error) {
		r, err := p.Erase(ctx, whoAsks(ctx, in.Body.Reason), in.Body.Subject)
		return &out[privacy.Request]{r}, err
	})
	add(a, m, "privacy-requests", http.MethodGet, "/privacy/requests", access.ReadPrivacy, "Requests of data subjects, newest first", func(ctx context.Context, _ *struct{}) (*out[PrivacyRequests], error) {
		rs, err := p.List(ctx)
		if err != nil {
			return nil, err
		}
		keys, err := p.Keys(ctx)
		return &out[PrivacyRequests]{PrivacyRequests{list(rs), list(keys)}}, err
	})
	add(a, m, "privacy-request", http.MethodGet, "/privacy/requests/{id}", access.ReadPrivacy, "One request with its certificate", func(ctx context.Context, in *requestInput) (*out[PrivacyRequest], error) {
		r, err := p.Get(ctx, in.ID)
		b := PrivacyRequest{Request: r}
		if r.Certificate != nil {
			b.Text = r.Certificate.Text()
		}
		return &out[PrivacyRequest]{b}, err
	})
	add(a, m, "privacy-export", http.MethodPost, "/privacy/export", access.ManagePrivacy, "Everything that is kept of a person, as a zip of JSON lines", func(ctx context.Context, in *bodyInput[SubjectInput]) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(hctx huma.Context) {
			_, w := humago.Unwrap(hctx)
			f := &file{w: w, name: "person-" + a.o.Now().UTC().Format(time.DateOnly) + ".zip", kind: "application/zip"}
			if _, err := p.Export(ctx, whoAsks(ctx, in.Body.Reason), in.Body.Subject, f); err != nil {
				a.broken(ctx, w, f.begun, err)
			}
		}}, nil
	})
	m.absent = ""
}

func whoAsks(ctx context.Context, reason string) privacy.Who {
	r := access.Record(ctx, "", audit.Object{})
	return privacy.Who{Actor: r.Actor, Reason: reason, Source: r.Source, Request: r.Request}
}

// file is an answer that people save. Its headers go out with the first byte, so that what fails before is still a problem.
type file struct {
	w          http.ResponseWriter
	name, kind string
	begun      bool
}

// Write implements io.Writer.
func (f *file) Write(b []byte) (int, error) {
	if !f.begun {
		f.begun = true
		h := f.w.Header()
		h.Set("Content-Type", f.kind)
		h.Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", f.name))
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
	}
	return f.w.Write(b)
}
