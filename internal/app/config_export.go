package app

import (
	"log/slog"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	remoteapi "github.com/prometheus/client_golang/exp/api/remote"
	promconfig "github.com/prometheus/prometheus/config"

	"github.com/signalbox/signalbox/internal/export"
	"github.com/signalbox/signalbox/internal/policy/strict"
	"github.com/signalbox/signalbox/internal/rowstore"
)

func exportShape() []strict.Key {
	text := func(doc, example string) strict.Shape {
		return strict.Shape{Doc: doc, Types: []string{"string"}, Example: example}
	}
	return []strict.Key{
		{Name: "remote_write", Shape: strict.Shape{Doc: "Prometheus' own.", Opaque: true}},
		{Name: "export", Shape: strict.Shape{Doc: "Rows for a data pipeline.", Keys: []strict.Key{
			{Name: "parquet", Required: true, Shape: strict.Shape{Doc: "Days that are over, as Parquet files.", Keys: []strict.Key{
				{Name: "dir", Required: true, Shape: text("A folder that exists; one signalbox alone writes there.", "/mnt/pipeline")},
				{Name: "tables", Shape: strict.Shape{Doc: "Which; all unless stated.", Forms: strict.List, NonEmpty: true, Example: "[logs, spans, events]",
					Each: &strict.Shape{Enum: []string{"logs", "spans", "events"}}}},
				{Name: "every", Shape: strict.Shape{Doc: "How often it looks for days that are over or got late rows; 1h unless stated.", Enum: []string{"1h", "1d"}}},
				{Name: "after", Shape: text("How long after its end a day is written; 15m unless stated.", "15m")},
			}}},
			{Name: "keep", Shape: text("How long what left is remembered; seven years unless stated.", "84mo")},
		}}},
	}
}

// exports reads what leaves the house.
func (l *loader) exports() {
	l.remoteWrite()
	v := l.root.Get("export")
	keep := l.duration(v, "keep", export.DefaultKeep, 30*24*time.Hour, 0)
	q := v.Get("parquet")
	if !q.Usable() {
		return
	}
	p := &export.Plan{Every: export.DefaultEvery, After: l.duration(q, "after", export.DefaultAfter, 0, 12*time.Hour), Keep: keep}
	if x := q.Get("every"); x.Usable() && x.Text == "1d" {
		p.Every = 24 * time.Hour
	}
	for _, name := range texts(q.Get("tables")) {
		if t, ok := rowstore.ParseTable(name); ok && !slices.Contains(p.Tables, t) {
			p.Tables = append(p.Tables, t)
		}
	}
	if len(p.Tables) == 0 {
		p.Tables = rowstore.Tables()
	}
	if x := q.Get("dir"); x.Usable() {
		p.Dir = filepath.Clean(l.join(x.Text))
		data := l.cfg.Data
		if inside, err := filepath.Rel(data, p.Dir); err == nil && inside != ".." && !strings.HasPrefix(inside, ".."+string(filepath.Separator)) {
			l.report.Errorf(x, "%q lies in the data directory; want a folder of its own, such as /mnt/pipeline", x.Text)
		}
	}
	l.cfg.Export = p
}

// inline reports whether a receiver of remote write 2.0 is configured: it gets what metrics are with the samples, so the store
// has to keep it with them.
func (c *Config) inline() bool {
	return slices.ContainsFunc(c.RemoteWrite, func(w *promconfig.RemoteWriteConfig) bool { return w.ProtobufMessage == remoteapi.WriteV2MessageType })
}

// remoteWrite hands Prometheus' remote_write to its own reader.
func (l *loader) remoteWrite() {
	if !l.root.Has("remote_write") || l.cfg.Scrape == nil {
		return
	}
	b := l.block(false, "remote_write")
	known := knownKeys(reflect.TypeFor[promconfig.RemoteWriteConfig]())
	cfg, err := promconfig.Load(b.text(), slog.New(slog.DiscardHandler))
	if err != nil {
		b.report(err, known)
		return
	}
	cfg.SetDirectory(l.cfg.Dir)
	if err := export.CheckRemote(cfg.RemoteWriteConfigs); err != nil {
		b.report(err, known)
		return
	}
	l.cfg.RemoteWrite = cfg.RemoteWriteConfigs
}
