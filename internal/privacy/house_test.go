package privacy_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/privacy"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/statestore"
)

const base = int64(1_700_000_000_000)

type house struct {
	*privacy.Privacy
	t        testing.TB
	db       *statestore.DB
	log      *audit.Log
	dir      string
	now      atomic.Int64
	policies []*policy.Privacy
	o        privacy.Options
}

func build(t testing.TB, dir string, o privacy.Options, policies ...*policy.Privacy) *house {
	h := &house{t: t, dir: dir, policies: policies}
	h.now.Store(base)
	now := func() time.Time { return time.UnixMilli(h.now.Load()) }
	var err error
	h.db, err = statestore.Open(filepath.Join(dir, "state.db"), false)
	require.NoError(t, err)
	t.Cleanup(func() { _ = h.db.Close() })
	h.log, err = audit.Open(context.Background(), audit.Options{DB: h.db, Now: now, KeyFile: filepath.Join(dir, "audit.key")})
	require.NoError(t, err)
	o.DB, o.Audit, o.KeyDir, o.Now = h.db, h.log, filepath.Join(dir, "keys"), now
	if o.Policies == nil {
		o.Policies = func() []*policy.Privacy { return h.policies }
	}
	h.o = o
	h.Privacy, err = privacy.New(context.Background(), o)
	require.NoError(t, err)
	return h
}

// one redacts a single row and returns it.
func (h *house) one(r rowstore.Row) rowstore.Row {
	h.t.Helper()
	b := &rowstore.Batch{Table: rowstore.Logs, Rows: []rowstore.Row{r}}
	require.NoError(h.t, h.Redact("web", b))
	require.Len(h.t, b.Rows, 1)
	return b.Rows[0]
}

func (h *house) body(s string) string { return h.one(rowstore.Row{Body: s}).Body }

func (h *house) attr(key, value string) string {
	r := h.one(rowstore.Row{Attrs: []rowstore.Attr{{Key: key, Value: value}}})
	if len(r.Attrs) == 0 {
		return ""
	}
	return r.Attrs[0].Value
}
