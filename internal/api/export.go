package api

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/export"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/search"
)

// Exports lets rows leave the house; *export.Exporter does. It writes its own audit records.
type Exports interface {
	Take(ctx context.Context, a export.Asked, send func(e export.Entry, file io.Reader) error) error
	Ask(ctx context.Context, r export.Range, who audit.Record) error
	Entries(ctx context.Context, before int64, limit int) ([]export.Entry, error)
	Status() export.Status
}

// ExportsBody is the book of what left, newest first, and how the schedule is doing.
type ExportsBody struct {
	Schedule export.Status  `json:"schedule"`
	Exports  []export.Entry `json:"exports"`
	More     bool           `json:"more" doc:"There are older ones: ask again with before = the last id"`
}

// ExportDays is which days somebody wants in the pipeline's folder now.
type ExportDays struct {
	Tables []string `json:"tables,omitempty" maxItems:"3" doc:"logs, spans, events; those of the schedule when left out"`
	From   string   `json:"from" format:"date" doc:"First day, YYYY-MM-DD, UTC"`
	To     string   `json:"to" format:"date" doc:"Last day; it has to be over"`
	Again  bool     `json:"again,omitempty" doc:"Write days again that did not change"`
}

type exportInput struct {
	Day string `query:"day" required:"true" maxLength:"10" doc:"YYYY-MM-DD, UTC" example:"2026-11-20"`
	Q   string `query:"q" maxLength:"4000" doc:"Search; left out: all rows of the day"`
}

type exportsInput struct {
	Before int64 `query:"before" minimum:"0" doc:"Only exports with a smaller id"`
	Limit  int   `query:"limit" minimum:"1" maximum:"1000" default:"100"`
}

// registerExport describes how rows leave.
func (a *API) registerExport(m *table) {
	x := a.o.Exports
	if x == nil {
		m.absent = "row store"
	}
	for _, t := range rowstore.Tables() {
		name := t.String()
		add(a, m, name+"-export", http.MethodGet, "/"+name+"/export", access.ExportRows, "One day of "+name+" as a Parquet file", func(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
			asked := export.Asked{Table: t, Search: in.Q, Who: access.Record(ctx, "", audit.Object{})}
			var err error
			if asked.Day, err = dayOf("day", in.Day); err != nil {
				return nil, err
			}
			if asked.Day.After(a.o.Now()) {
				return nil, fault.New(fault.Invalid, "day %s has not begun", in.Day)
			}
			if asked.Where, err = search.Parse(in.Q); err != nil {
				return nil, err
			}
			return &huma.StreamResponse{Body: func(h huma.Context) { a.sendRows(ctx, h, asked) }}, nil
		})
	}
	add(a, m, "exports", http.MethodGet, "/exports", access.ReadServer, "Which rows left the house, newest first, and how the schedule is doing", func(ctx context.Context, in *exportsInput) (*out[ExportsBody], error) {
		es, err := x.Entries(ctx, in.Before, in.Limit+1)
		return &out[ExportsBody]{ExportsBody{x.Status(), list(es[:min(len(es), in.Limit)]), len(es) > in.Limit}}, err
	})
	add(a, m, "export-days", http.MethodPost, "/exports", access.ExportRows, "Write days to the pipeline's folder now", func(ctx context.Context, in *bodyInput[ExportDays]) (*out[export.Status], error) {
		r := export.Range{Again: in.Body.Again}
		for _, name := range in.Body.Tables {
			t, ok := rowstore.ParseTable(name)
			if !ok {
				return nil, fault.New(fault.Invalid, "tables %q: want logs, spans or events", clip(name))
			}
			r.Tables = append(r.Tables, t)
		}
		var err error
		if r.From, err = dayOf("from", in.Body.From); err != nil {
			return nil, err
		}
		if r.To, err = dayOf("to", in.Body.To); err != nil {
			return nil, err
		}
		err = x.Ask(ctx, r, access.Record(ctx, "", audit.Object{}))
		return &out[export.Status]{x.Status()}, err
	})
	m.absent = ""
}

// dayOf reads a day.
func dayOf(key, text string) (time.Time, error) {
	day, err := time.Parse(time.DateOnly, text)
	if err != nil || day.Year() < 1970 {
		return day, fault.New(fault.Invalid, "%s %q: want a day such as 2026-11-20", key, clip(text))
	}
	return day, nil
}

// sendRows hands a file over.
func (a *API) sendRows(ctx context.Context, h huma.Context, asked export.Asked) {
	_, w := humago.Unwrap(h)
	begun := false
	err := a.o.Exports.Take(ctx, asked, func(e export.Entry, from io.Reader) error {
		begun = true
		w.Header().Set("Content-Length", strconv.FormatInt(e.Bytes, 10))
		w.Header().Set("X-Signalbox-Rows", strconv.FormatInt(e.Rows, 10))
		w.Header().Set("X-Signalbox-SHA256", e.SHA256)
		to := &file{w: w, name: e.File, kind: "application/vnd.apache.parquet"}
		_, err := io.Copy(patient{to, http.NewResponseController(w)}, from)
		return err
	})
	if err != nil {
		a.broken(ctx, w, begun, err)
	}
}
