package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
)

// queryCmd asks a PromQL question through the Prometheus API, or searches rows.
type queryCmd struct {
	connection
	output
	Expr   string `arg:"" help:"PromQL expression; with --in a search such as 'timeout service:intake level:error'."`
	In     string `help:"What to ask: metrics, logs, spans or events." default:"metrics" enum:"metrics,logs,spans,events"`
	Range  string `help:"Ask over the last DURATION instead of now; rows are searched over 1h." placeholder:"DURATION"`
	Step   string `help:"Step of a range; the default gives about 60 points." placeholder:"DURATION"`
	Limit  int    `help:"Rows at most, newest first." default:"100"`
	Follow bool   `short:"f" help:"Print rows as they arrive until interrupted."`
}

// answer is Prometheus' answer to a query.
type answer struct {
	Data struct {
		ResultType string          `json:"resultType"`
		Result     json.RawMessage `json:"result"`
	} `json:"data"`
	Warnings []string `json:"warnings"`
}

// Run asks and prints one row a series, or one a sample for a range.
func (c *queryCmd) Run(w *world) error {
	if c.In != "metrics" {
		return c.rows(w)
	}
	if c.Follow {
		return usage("--follow watches rows: add --in logs, spans or events")
	}
	path := "/api/v1/query?" + url.Values{"query": {c.Expr}}.Encode()
	if c.Range != "" {
		span, err := model.ParseDuration(c.Range)
		if err != nil || span <= 0 {
			return usage("--range %q: want a duration such as 5m, 1h or 7d", c.Range)
		}
		step := max(time.Duration(span)/60, time.Second)
		if c.Step != "" {
			d, err := model.ParseDuration(c.Step)
			if err != nil || d <= 0 {
				return usage("--step %q: want a duration such as 15s or 1m", c.Step)
			}
			step = time.Duration(d)
		}
		now := time.Now()
		path = "/api/v1/query_range?" + url.Values{"query": {c.Expr}, "start": {stamp(now.Add(-time.Duration(span)))}, "end": {stamp(now)}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)}}.Encode()
	} else if c.Step != "" {
		return usage("--step needs --range")
	}
	var a answer
	if err := c.call(w, http.MethodGet, path, nil, &a); err != nil {
		return err
	}
	for _, warning := range a.Warnings {
		fmt.Fprintln(w.err, "warning:", warning)
	}
	if c.Output == "json" {
		return c.print(w, nil, a.Data)
	}
	if string(a.Data.Result) == "[]" {
		fmt.Fprintln(w.err, "no series matches")
		return nil
	}
	return c.show(w, a)
}

func stamp(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

// show prints a result as a table.
func (c *queryCmd) show(w *world, a answer) error {
	switch a.Data.ResultType {
	case "vector":
		var v model.Vector
		if err := json.Unmarshal(a.Data.Result, &v); err != nil {
			return err
		}
		t := table{{"SERIES", "VALUE"}}
		for _, s := range v {
			value := s.Value.String()
			if s.Histogram != nil {
				value = s.Histogram.String()
			}
			t = append(t, []string{s.Metric.String(), value})
		}
		return c.print(w, t, nil)
	case "matrix":
		var m model.Matrix
		if err := json.Unmarshal(a.Data.Result, &m); err != nil {
			return err
		}
		t := table{{"SERIES", "TIME", "VALUE"}}
		for _, s := range m {
			for _, p := range s.Values {
				t = append(t, []string{s.Metric.String(), when(int64(p.Timestamp)), p.Value.String()})
			}
		}
		return c.print(w, t, nil)
	default:
		var pair [2]any
		if err := json.Unmarshal(a.Data.Result, &pair); err != nil {
			return err
		}
		fmt.Fprintln(w.out, pair[1])
		return nil
	}
}
