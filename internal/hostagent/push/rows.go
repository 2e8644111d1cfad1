package push

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"

	collogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/proto"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// WriteRows sends log rows and returns after the server has stored them. On an error nothing is known to be stored and the same
// rows are to be sent again.
func (p *Pusher) WriteRows(ctx context.Context, batches ...*rowstore.Batch) (gate.RowResult, error) {
	req := &collogs.ExportLogsServiceRequest{}
	n := 0
	for _, b := range batches {
		n += len(b.Rows)
		var of *rowstore.Resource
		var service, env, agency string
		var to *logs.ScopeLogs
		for i := range b.Rows {
			r := &b.Rows[i]
			if to == nil || r.Resource != of || r.Service != service || r.Env != env || r.Agency != agency {
				of, service, env, agency = r.Resource, r.Service, r.Env, r.Agency
				to = &logs.ScopeLogs{}
				req.ResourceLogs = append(req.ResourceLogs, &logs.ResourceLogs{Resource: resourceOf(r), ScopeLogs: []*logs.ScopeLogs{to}})
			}
			to.LogRecords = append(to.LogRecords, recordOf(r))
		}
	}
	body, err := proto.Marshal(req)
	if err != nil {
		return gate.RowResult{}, err
	}
	var z bytes.Buffer
	w, err := gzip.NewWriterLevel(&z, gzip.BestSpeed)
	if err != nil {
		return gate.RowResult{}, err
	}
	if _, err := w.Write(body); err != nil {
		return gate.RowResult{}, err
	}
	if err := w.Close(); err != nil {
		return gate.RowResult{}, err
	}
	err = p.post(ctx, "/v1/logs", map[string]string{"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}, z.Bytes())
	var no refused
	if errors.As(err, &no) {
		p.o.Logger.Warn("the server did not take log rows", "rows", n, "err", err)
		return gate.RowResult{Refused: n, Why: no.text}, nil
	}
	p.told(err)
	if err != nil {
		return gate.RowResult{}, err
	}
	return gate.RowResult{Accepted: n}, nil
}

func text(v string) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: v}}
}

func add(to []*common.KeyValue, pairs ...string) []*common.KeyValue {
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			to = append(to, &common.KeyValue{Key: pairs[i], Value: text(pairs[i+1])})
		}
	}
	return to
}

func resourceOf(r *rowstore.Row) *resource.Resource {
	out := add(nil, "service.name", r.Service, "deployment.environment.name", r.Env, "agency", r.Agency)
	if r.Resource != nil {
		for _, a := range r.Resource.Attrs {
			out = add(out, a.Key, a.Value)
		}
	}
	return &resource.Resource{Attributes: out}
}

// recordOf writes a row as the log record that the server turns into the same row.
func recordOf(r *rowstore.Row) *logs.LogRecord {
	out := &logs.LogRecord{TimeUnixNano: uint64(max(r.Time, 0)) * 1000, SeverityNumber: logs.SeverityNumber(r.Severity), EventName: r.Name, Body: text(r.Body)}
	if r.Trace != (rowstore.TraceID{}) {
		out.TraceId = r.Trace[:]
	}
	if r.Span != 0 {
		for i := 7; i >= 0; i-- {
			out.SpanId = append(out.SpanId, byte(r.Span>>(8*i)))
		}
	}
	out.Attributes = add(nil, "service.version", r.Version, "release", r.Release, "user.id", r.User, "session.id", r.Session, "business.id", r.Business,
		"http.route", r.Route, "error.type", r.ErrorType)
	for _, a := range r.Attrs {
		out.Attributes = append(out.Attributes, &common.KeyValue{Key: a.Key, Value: text(a.Value)})
	}
	return out
}
