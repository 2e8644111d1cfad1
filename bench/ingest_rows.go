package main

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// wideRow is what a log record or span of a busy portal says.
type wideRow struct {
	at       time.Time
	trace    [16]byte
	span     [8]byte
	service  string
	agency   string
	name     string
	severity int
	took     time.Duration
	body     string
	attrs    [8][2]string
}

var (
	rowServices = []string{"intake", "validation", "payments", "refund-status", "identity", "notification-mail"}
	rowRoutes   = []string{"/file/1040", "/file/:id/status", "/pay", "/refund", "/login", "/documents/:id"}
	rowWords    = []string{"filing", "accepted", "rejected", "taxpayer", "form", "schedule", "validation", "ledger", "posted", "refund", "queue", "intake", "portal",
		"gateway", "timeout", "retry", "connection", "database", "commit"}
	rowsStart = time.Now()
)

// wideRows makes rows; the same number is always the same row. A sender has one service, and its body is about 114 bytes.
func wideRows(from, n int) []wideRow {
	rows := make([]wideRow, n)
	for i := range rows {
		no := from + i
		rnd := rand.New(rand.NewPCG(uint64(no), 7))
		r := &rows[i]
		r.at = rowsStart.Add(time.Duration(no) * 50 * time.Microsecond)
		binary.LittleEndian.PutUint64(r.trace[:], rnd.Uint64())
		binary.LittleEndian.PutUint64(r.trace[8:], rnd.Uint64())
		binary.LittleEndian.PutUint64(r.span[:], rnd.Uint64())
		r.service = rowServices[no/rowsPerRequest%len(rowServices)]
		r.agency = "IRS"
		r.name = rowRoutes[rnd.IntN(len(rowRoutes))]
		r.severity = 9
		status := "200"
		if rnd.IntN(50) == 0 {
			r.severity, status = 17, "503"
		}
		ms := int(rnd.ExpFloat64() * 80)
		r.took = time.Duration(ms)*time.Millisecond + time.Duration(rnd.IntN(1e6))
		r.body = "request " + strconv.Itoa(no) + " by worker " + strconv.Itoa(rnd.IntN(64)) + " took " + strconv.Itoa(ms) + " ms:"
		for len(r.body) < 106 {
			r.body += " " + rowWords[rnd.IntN(len(rowWords))]
		}
		r.attrs = [8][2]string{{"http.request.method", []string{"GET", "POST", "PUT"}[rnd.IntN(3)]}, {"http.route", r.name}, {"http.response.status_code", status},
			{"k8s.pod.name", r.service + "-7d9f8b6c5-" + strconv.Itoa(rnd.IntN(20))}, {"thread.id", strconv.Itoa(rnd.IntN(64))},
			{"request.id", fmt.Sprintf("%016x", rnd.Uint64())}, {"cloud.region", "us-east-1"}, {"form", []string{"1040", "1040-SR", "4868"}[rnd.IntN(3)]}}
	}
	return rows
}

func (r *wideRow) putAttrs(m pcommon.Map) {
	m.EnsureCapacity(len(r.attrs))
	for _, a := range r.attrs {
		m.PutStr(a[0], a[1])
	}
}

func (r *wideRow) putResource(m pcommon.Map) {
	m.PutStr("service.name", r.service)
	m.PutStr("deployment.environment.name", "prod")
	m.PutStr("agency", r.agency)
	m.PutStr("host.name", "ip-10-0-3-17")
}

// rowsBody encodes rows as a request of OTLP.
func rowsBody(signal string, rows []wideRow) ([]byte, error) {
	if signal == "logs" {
		d := plog.NewLogs()
		g := d.ResourceLogs().AppendEmpty()
		rows[0].putResource(g.Resource().Attributes())
		out := g.ScopeLogs().AppendEmpty().LogRecords()
		out.EnsureCapacity(len(rows))
		for i := range rows {
			r, l := &rows[i], out.AppendEmpty()
			l.SetTimestamp(pcommon.NewTimestampFromTime(r.at))
			l.SetSeverityNumber(plog.SeverityNumber(r.severity))
			l.Body().SetStr(r.body)
			l.SetTraceID(r.trace)
			l.SetSpanID(r.span)
			r.putAttrs(l.Attributes())
		}
		return plogotlp.NewExportRequestFromLogs(d).MarshalProto()
	}
	d := ptrace.NewTraces()
	g := d.ResourceSpans().AppendEmpty()
	rows[0].putResource(g.Resource().Attributes())
	out := g.ScopeSpans().AppendEmpty().Spans()
	out.EnsureCapacity(len(rows))
	for i := range rows {
		r, s := &rows[i], out.AppendEmpty()
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(r.at))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(r.at.Add(r.took)))
		s.SetName(r.name)
		s.SetKind(ptrace.SpanKindServer)
		s.SetTraceID(r.trace)
		s.SetSpanID(r.span)
		if r.severity > 16 {
			s.Status().SetCode(ptrace.StatusCodeError)
		}
		r.putAttrs(s.Attributes())
	}
	return ptraceotlp.NewExportRequestFromTraces(d).MarshalProto()
}

// rowBinary encodes rows for the table of ingest.mjs.
func rowBinary(rows []wideRow) (b []byte) {
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	for i := range rows {
		r := &rows[i]
		b = binary.LittleEndian.AppendUint64(b, uint64(r.at.UnixMicro()))
		b = append(b, r.trace[:]...)
		b = append(b, r.span[:]...)
		text(r.service)
		text(r.name)
		b = append(b, byte(r.severity))
		b = binary.LittleEndian.AppendUint64(b, uint64(r.took))
		text(r.body)
		b = binary.AppendUvarint(b, uint64(len(r.attrs)))
		for _, a := range r.attrs {
			text(a[0])
			text(a[1])
		}
	}
	return b
}
