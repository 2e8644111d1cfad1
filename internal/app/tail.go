package app

import (
	"context"
	"net/http"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/signalbox/signalbox/internal/gate"
	"github.com/signalbox/signalbox/internal/receive"
	"github.com/signalbox/signalbox/internal/receive/line"
	"github.com/signalbox/signalbox/internal/receive/tail"
)

// tailBook is the file, in the data directory, that says how far log files were read.
const tailBook = "tail.json"

// openFiles follows the log files that the configuration names.
func (h *house) openFiles(ctx context.Context, cfg *Config, reg prometheus.Registerer) ([]func(context.Context) error, error) {
	if len(cfg.Rows.Files) == 0 {
		return nil, nil
	}
	f, err := tail.New(tail.Options{
		Admit: func(source string) (tail.Writer, error) {
			return h.gate.Admit(ctx, gate.Credential{Source: source, Signal: gate.Logs, Retries: true}, 0)
		},
		Sets: fileSets(cfg.Rows.Files), Book: filepath.Join(cfg.Data, tailBook), BusinessIDs: cfg.Rows.BusinessIDs, Now: time.Now,
		Logger: h.log.With("room", "tail"), Registerer: reg,
	})
	if err != nil {
		return nil, err
	}
	return []func(context.Context) error{f.Run}, nil
}

func fileSets(files []LogFiles) (sets []tail.Set) {
	for _, f := range files {
		sets = append(sets, tail.Set{Paths: f.Paths, Format: line.Format(f.Format), Labels: f.Labels})
	}
	return sets
}

// lines takes log lines in over HTTP.
func (h *house) lines(cfg *Config) *receive.Lines {
	return receive.NewLines(receive.LinesOptions{
		Gate: h.gate, Business: cfg.Rows.BusinessIDs, Now: time.Now, Logger: h.log.With("room", "receive"),
		Credential: func(r *http.Request) gate.Credential { return credential(r.Context(), r.RemoteAddr) },
	})
}
