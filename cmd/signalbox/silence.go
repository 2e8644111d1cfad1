package main

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// silenceCmd shows and changes silences.
type silenceCmd struct {
	List   silenceListCmd   `cmd:"" default:"withargs" help:"List silences."`
	Add    silenceAddCmd    `cmd:"" help:"Mute alerts for a time."`
	Expire silenceExpireCmd `cmd:"" help:"End a silence now."`
}

type silenceListCmd struct {
	connection
	output
	All bool `help:"Expired ones too."`
}

// Run lists silences.
func (c *silenceListCmd) Run(w *world) error {
	var v alertsView
	if err := c.call(w, http.MethodGet, own("/alerts"), nil, &v); err != nil {
		return err
	}
	t := table{{"ID", "MATCHERS", "STATE", "ENDS", "BY", "COMMENT"}}
	kept := v.Silences[:0]
	for _, s := range v.Silences {
		if s.State == "expired" && !c.All {
			continue
		}
		kept = append(kept, s)
		var ms []string
		for _, m := range s.Matchers {
			ms = append(ms, m.String())
		}
		t = append(t, []string{s.ID, strings.Join(ms, ","), s.State, when(s.EndsAt), s.By, s.Comment})
	}
	return c.print(w, t, kept)
}

type silenceAddCmd struct {
	connection
	Matchers []string `arg:"" help:"Matchers in PromQL's notation, such as kpi=efile-error-rate or service=~in.* (all must match)."`
	For      string   `help:"How long: 30m, 2h, 1d." default:"1h" placeholder:"DURATION"`
	Comment  string   `help:"Why." required:""`
	By       string   `help:"Who; the default is your user name." env:"USER"`
}

// Run creates a silence and prints its id.
func (c *silenceAddCmd) Run(w *world) error {
	d, err := model.ParseDuration(c.For)
	if err != nil || d <= 0 {
		return usage("--for %q: want a duration such as 30m, 2h or 1d", c.For)
	}
	var ms []matcher
	for _, text := range c.Matchers {
		m, err := parseMatcher(text)
		if err != nil {
			return err
		}
		ms = append(ms, m)
	}
	if c.By == "" {
		c.By, _ = os.Hostname()
	}
	now := time.Now()
	var out struct {
		ID      string `json:"id"`
		Matches int    `json:"matches"`
	}
	in := map[string]any{"matchers": ms, "starts_at": now.UnixMilli(), "ends_at": now.Add(time.Duration(d)).UnixMilli(), "created_by": c.By, "comment": c.Comment}
	if err := c.call(w, http.MethodPost, own("/silences"), in, &out); err != nil {
		return err
	}
	fmt.Fprintf(w.out, "%s\nmutes %s until %s\n", out.ID, plural(out.Matches, "active alert"), when(now.Add(time.Duration(d)).UnixMilli()))
	return nil
}

// parseMatcher reads name=value, name!=value, name=~regex or name!~regex; quotes around the value may be left out.
func parseMatcher(text string) (matcher, error) {
	for _, op := range []string{"=~", "!~", "!=", "="} {
		name, value, ok := strings.Cut(text, op)
		if !ok || name == "" {
			continue
		}
		if !strings.HasPrefix(value, `"`) {
			value = fmt.Sprintf("%q", value)
		}
		ms, err := parser.NewParser(parser.Options{}).ParseMetricSelector("{" + name + op + value + "}")
		if err != nil || len(ms) != 1 {
			break
		}
		t := ms[0].Type
		return matcher{Name: ms[0].Name, Value: ms[0].Value, IsRegex: t == labels.MatchRegexp || t == labels.MatchNotRegexp, IsEqual: t == labels.MatchEqual || t == labels.MatchRegexp}, nil
	}
	return matcher{}, usage("matcher %q: want name=value, name!=value, name=~regex or name!~regex", text)
}

type silenceExpireCmd struct {
	connection
	ID string `arg:"" help:"Id of the silence."`
}

// Run ends a silence.
func (c *silenceExpireCmd) Run(w *world) error {
	if err := c.call(w, http.MethodDelete, own("/silences/"+esc(c.ID)), nil, nil); err != nil {
		return err
	}
	fmt.Fprintln(w.out, "expired", c.ID)
	return nil
}
