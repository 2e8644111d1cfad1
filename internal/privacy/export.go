package privacy

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Export writes all that the row store keeps of a person to w: a zip with one file of JSON lines per table. Nothing of it
// touches our disk; an export that breaks off has to be asked for again. The request is returned ended.
func (p *Privacy) Export(ctx context.Context, who Who, subject string, w io.Writer) (Request, error) {
	if p.o.Scan == nil {
		return Request{}, fault.New(fault.Unavailable, "no store of rows is open, so there is nothing to hand out")
	}
	r, err := p.open(ctx, KindExport, who, subject)
	if err != nil {
		return Request{}, err
	}
	rows, err := p.export(ctx, subject, w)
	// The request ends also when the reader is gone.
	end := context.WithoutCancel(ctx)
	if err != nil {
		if fault.KindOf(err) == fault.Internal {
			p.o.Logger.Error("An export of a person broke off", "request", r.ID, "err", err)
		}
		return Request{}, errors.Join(err, p.end(end, r, nil, err))
	}
	c := &Certificate{Request: r.ID, Kind: r.Kind, By: r.By, AskedAt: r.CreatedAt, EndedAt: p.o.Now().UnixMilli(), Rows: rows, Searched: []string{}, Keys: []int64{}, KeysDestroyed: []int64{}, Left: []Left{}}
	if c.Digest, err = c.digest(); err != nil {
		return Request{}, err
	}
	if err := p.end(end, r, c, nil); err != nil {
		return Request{}, err
	}
	return p.Get(end, r.ID)
}

func (p *Privacy) export(ctx context.Context, subject string, w io.Writer) (map[string]int64, error) {
	match := Matching(subject, p.Pseudonyms(subject))
	rows := map[string]int64{}
	z := zip.NewWriter(w)
	for _, t := range rowstore.Tables() {
		f, err := z.CreateHeader(&zip.FileHeader{Name: t.String() + ".jsonl", Method: zip.Deflate, Modified: p.o.Now().UTC()})
		if err != nil {
			return nil, fmt.Errorf("privacy: export: %w", err)
		}
		e := json.NewEncoder(f)
		e.SetEscapeHTML(false)
		n := int64(0)
		err = p.o.Scan(ctx, rowstore.Scan{Table: t, Where: match}, func(chunk []rowstore.Row) error {
			for i := range chunk {
				if err := e.Encode(lineOf(&chunk[i])); err != nil {
					return fmt.Errorf("privacy: export: %w", err)
				}
				n++
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		rows[t.String()] = n
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("privacy: export: %w", err)
	}
	return rows, nil
}

// lineOf is a row as people get it: its fields by the names used elsewhere, empty ones left out, and its attributes.
func lineOf(r *rowstore.Row) map[string]any {
	m := map[string]any{"time": time.UnixMicro(r.Time).UTC().Format(time.RFC3339Nano)}
	for _, f := range rowstore.Fields() {
		if f.Name == "time" {
			continue
		}
		if v := r.Get(f.Name); v != "" {
			m[f.Name] = v
		}
	}
	if r.Detail != "" {
		m["detail"] = r.Detail
	}
	attrs := map[string]string{}
	if r.Resource != nil {
		for _, a := range r.Resource.Attrs {
			attrs[a.Key] = a.Value
		}
	}
	for _, a := range r.Attrs {
		attrs[a.Key] = a.Value
	}
	if len(attrs) > 0 {
		m["attributes"] = attrs
	}
	return m
}
