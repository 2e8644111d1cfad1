package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// seenRow is one row as the API answers it, as far as a table shows it.
type seenRow struct {
	Time       float64  `json:"time"`
	Service    string   `json:"service"`
	Level      string   `json:"level"`
	Status     string   `json:"status"`
	Name       string   `json:"name"`
	Route      string   `json:"route"`
	User       string   `json:"user"`
	Body       string   `json:"body"`
	TraceID    string   `json:"trace_id"`
	BusinessID string   `json:"business_id"`
	Duration   *float64 `json:"duration"`
}

// rows asks for the newest rows of a table, or watches them arrive.
func (c *queryCmd) rows(w *world) error {
	switch {
	case c.Step != "":
		return usage("--step belongs to a PromQL question; rows are searched with --in %s", c.In)
	case c.Follow:
		return c.follow(w)
	}
	span := time.Hour
	if c.Range != "" {
		d, err := model.ParseDuration(c.Range)
		if err != nil || d <= 0 {
			return usage("--range %q: want a duration such as 5m, 1h or 7d", c.Range)
		}
		span = time.Duration(d)
	}
	now := time.Now()
	q := url.Values{"q": {c.Expr}, "from": {fmt.Sprint(now.Add(-span).UnixMilli())}, "to": {fmt.Sprint(now.UnixMilli())}, "limit": {fmt.Sprint(c.Limit)}}
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own("/"+c.In+"?"+q.Encode()), nil, &raw); err != nil {
		return err
	}
	var body struct {
		Rows []seenRow `json:"rows"`
		Next string    `json:"next"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return err
	}
	if len(body.Rows) == 0 && c.Output != "json" {
		fmt.Fprintf(w.err, "no %s match within the last %s\n", c.In, model.Duration(span))
		return nil
	}
	t := table{c.head()}
	for _, r := range body.Rows {
		t = append(t, c.cells(r))
	}
	if err := c.print(w, t, raw); err != nil {
		return err
	}
	if body.Next != "" && c.Output != "json" {
		fmt.Fprintf(w.err, "there are more; raise --limit or narrow the search\n")
	}
	return nil
}

func (c *queryCmd) head() []string {
	switch c.In {
	case "spans":
		return []string{"TIME", "SERVICE", "SPAN", "STATUS", "DURATION", "TRACE"}
	case "events":
		return []string{"TIME", "SERVICE", "EVENT", "ROUTE", "USER", "BUSINESS ID"}
	}
	return []string{"TIME", "LEVEL", "SERVICE", "MESSAGE"}
}

func (c *queryCmd) cells(r seenRow) []string {
	at := time.UnixMicro(int64(r.Time * 1000)).UTC().Format("2006-01-02 15:04:05.000")
	switch c.In {
	case "spans":
		took := ""
		if r.Duration != nil {
			took = time.Duration(*r.Duration * float64(time.Second)).Round(time.Microsecond).String()
		}
		return []string{at, r.Service, r.Name, r.Status, took, r.TraceID}
	case "events":
		return []string{at, r.Service, r.Name, r.Route, r.User, r.BusinessID}
	}
	return []string{at, r.Level, r.Service, r.Body}
}

// follow prints rows as they arrive until it is interrupted.
func (c *queryCmd) follow(w *world) error {
	resp, err := c.stream(w, own("/tail/"+c.In+"?"+url.Values{"q": {c.Expr}}.Encode()), "text/event-stream")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			if err := c.arrived(w, data); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil && w.ctx.Err() == nil {
		return fmt.Errorf("watch %s: %w", c.In, err)
	}
	return nil
}

// arrived prints what one event brought.
func (c *queryCmd) arrived(w *world, data string) error {
	var body struct {
		Rows   []json.RawMessage `json:"rows"`
		Missed int               `json:"missed"`
	}
	if err := json.Unmarshal([]byte(data), &body); err != nil {
		return fmt.Errorf("read what arrived: %w", err)
	}
	for _, raw := range body.Rows {
		if c.Output == "json" {
			fmt.Fprintln(w.out, string(raw))
			continue
		}
		var r seenRow
		if err := json.Unmarshal(raw, &r); err != nil {
			return fmt.Errorf("read what arrived: %w", err)
		}
		fmt.Fprintln(w.out, strings.Join(c.cells(r), "  "))
	}
	if body.Missed > 0 {
		fmt.Fprintf(w.err, "%d rows came too fast to be shown\n", body.Missed)
	}
	return nil
}
