package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/egress"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/kpi"
	"github.com/signalbox/signalbox/internal/policy"
	"github.com/signalbox/signalbox/internal/policy/strict"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// This file checks what a document alone cannot say: whether its selectors match anything, and whether its runbook answers.
// Both are warnings: what is not there today may be there tomorrow.

const (
	lookBack     = 24 * time.Hour   // a selector that matched nothing for so long is said
	runbookTime  = 3 * time.Second  // of all runbooks of one check together
	runbookFor   = 10 * time.Minute // an answer is believed
	mostRunbooks = 20               // asked at once: a large import is not kept waiting
)

// look looks at the KPIs of texts that differ from what is in force, with the eyes of who asks: what they may not see is not
// there for them. Runbooks are asked for those who may propose; nobody else has the server connect anywhere.
func (h *house) look(ctx context.Context, texts []string) []policy.Finding {
	have := map[policy.Ref]string{}
	for _, d := range h.law() {
		have[d.Ref()] = d.Hash
	}
	var fresh []policy.Document
	var out []policy.Finding
	for _, text := range texts {
		docs, _ := policy.Read("", []byte(text), h.cfg.Load().limits())
		for _, d := range docs {
			if key := idle(&d); key != "" {
				out = append(out, warn(&d, key, "is kept and has no effect yet"))
			}
			if d.KPI != nil && have[d.Ref()] != d.Hash {
				fresh = append(fresh, d)
			}
		}
	}
	if len(fresh) == 0 {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, 2*runbookTime)
	defer cancel()
	out = append(out, h.checkSQL(ctx, fresh)...)
	out = append(out, h.checkSelectors(ctx, fresh)...)
	if p, ok := access.From(ctx); ok && p.May(access.Propose) {
		out = append(out, h.checkRunbooks(ctx, fresh)...)
	}
	return out
}

// idle is the key of a document that nothing goes by yet; empty for what has its effect. The audit chain is kept whole, and
// samples have no classes.
func idle(d *policy.Document) string {
	rows := []policy.Signal{policy.SignalLogs, policy.SignalSpans, policy.SignalEvents}
	switch {
	case d.Retention == nil:
	case d.Retention.Signal == policy.SignalAudit:
		return "signal"
	case d.Retention.Class != "" && !slices.Contains(rows, d.Retention.Signal):
		return "class"
	}
	return ""
}

func warn(d *policy.Document, key, format string, args ...any) policy.Finding {
	return policy.Finding{File: d.File, Line: d.Line, Column: 1, Key: key, Severity: strict.Warning, Message: key + ": " + fmt.Sprintf(format, args...)}
}

// checkSQL says which SQL would not be run.
func (h *house) checkSQL(ctx context.Context, docs []policy.Document) []policy.Finding {
	var out []policy.Finding
	for i := range docs {
		if text := docs[i].KPI.Indicator.SQL; text != "" {
			if err := h.sql.Check(ctx, windowed(text, time.Now(), time.Now())); err != nil {
				out = append(out, refusedSQL(&docs[i], err))
			}
		}
	}
	return out
}

func refusedSQL(d *policy.Document, err error) policy.Finding {
	f := warn(d, "indicator.sql", "%s", fault.Outside(err))
	f.Severity = strict.Error
	return f
}

// checkSelectors says which selectors match nothing, with the nearest names.
func (h *house) checkSelectors(ctx context.Context, docs []policy.Document) []policy.Finding {
	now := time.Now()
	q, err := h.sighted().Querier(now.Add(-lookBack).UnixMilli(), now.UnixMilli())
	if err != nil {
		h.log.Warn("selectors were not checked", "err", err)
		return nil
	}
	defer q.Close()
	names, _, err := q.LabelValues(ctx, model.MetricNameLabel, nil)
	if err != nil || len(names) == 0 {
		return nil // nothing has been measured at all
	}
	var out []policy.Finding
	for i := range docs {
		for _, s := range docs[i].KPI.Indicator.Selectors() {
			if t, ok := rowstore.ParseTable(s.Table()); ok {
				if h.noRows(ctx, t, s) {
					out = append(out, warn(&docs[i], "indicator", "nothing has matched %s in the last day", s.Text))
				}
				continue
			}
			set := q.Select(ctx, false, &storage.SelectHints{Start: now.Add(-lookBack).UnixMilli(), End: now.UnixMilli(), Func: "series", Limit: 1}, s.Matchers...)
			if set.Next() || set.Err() != nil {
				continue
			}
			hint := ""
			if name := nameOf(s.Matchers); name != "" && !slices.Contains(names, name) {
				if near := strict.Nearest(name, names); near != "" {
					hint = fmt.Sprintf("; there is %s", near)
				}
			} else if name != "" {
				hint = fmt.Sprintf("; %s is there, with other labels", name)
			}
			out = append(out, warn(&docs[i], "indicator", "nothing has matched %s in the last day%s", s.Text, hint))
		}
	}
	return out
}

// noRows reports whether rows came within the last day and none of them matched.
func (h *house) noRows(ctx context.Context, t rowstore.Table, s *kpi.Selector) bool {
	within := rowstore.Between{From: time.Now().Add(-lookBack).UnixMicro()}
	look := func(where rowstore.Expr) bool {
		found, err := h.seen().Find(ctx, rowstore.Find{Table: t, Between: within, Where: where, Limit: 1})
		return err != nil || len(found) > 0
	}
	return look(rowstore.Everything) && !look(rowstore.OfMatchers(s.Matchers))
}

func nameOf(ms []*labels.Matcher) string {
	for _, m := range ms {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return m.Value
		}
	}
	return ""
}

// runbooks are the answers of late, by address.
type runbooks struct {
	mu sync.Mutex
	m  map[string]runbook
}

type runbook struct {
	at  time.Time
	why string // empty: it answered, or may not be asked
}

// checkRunbooks asks each new runbook's address whether it is there.
func (h *house) checkRunbooks(ctx context.Context, docs []policy.Document) []policy.Finding {
	ctx, cancel := context.WithTimeout(ctx, runbookTime)
	defer cancel()
	client := dialer(h.cfg.Load()).HTTPClient(egress.ClientOptions{Timeout: runbookTime})
	ask := map[string]bool{}
	for _, d := range docs {
		if d.KPI.Page != nil && d.KPI.Page.Runbook != "" && len(ask) < mostRunbooks {
			ask[d.KPI.Page.Runbook] = true
		}
	}
	var wait sync.WaitGroup
	for url := range ask {
		wait.Go(func() { h.books.look(ctx, client, url) })
	}
	wait.Wait()
	var out []policy.Finding
	for i := range docs {
		if p := docs[i].KPI.Page; p != nil {
			if why := h.books.why(p.Runbook); why != "" {
				out = append(out, warn(&docs[i], "page.runbook", "%s %s; whoever is paged at night will find the same", p.Runbook, why))
			}
		}
	}
	return out
}

func (b *runbooks) why(url string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.m[url].why
}

func (b *runbooks) look(ctx context.Context, client *http.Client, url string) {
	b.mu.Lock()
	was, known := b.m[url]
	b.mu.Unlock()
	if known && time.Since(was.at) < runbookFor {
		return
	}
	why := answers(ctx, client, url)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.m == nil || len(b.m) > 10_000 {
		b.m = map[string]runbook{}
	}
	b.m[url] = runbook{at: time.Now(), why: why}
}

// answers says why an address does not answer; empty if it does. An address that the server may not dial says nothing.
func answers(ctx context.Context, client *http.Client, url string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "is no address"
	}
	resp, err := client.Do(req)
	var f *fault.Error
	switch {
	case errors.As(err, &f) && f.Kind == fault.Forbidden:
		return ""
	case err != nil && errors.Is(err, context.DeadlineExceeded):
		return "did not answer within " + runbookTime.String()
	case err != nil:
		return "cannot be reached"
	}
	_ = resp.Body.Close() // nothing of it is read
	switch {
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return "" // it is there, for people
	case resp.StatusCode >= 400:
		return "answers " + strings.ToLower(resp.Status)
	}
	return ""
}
