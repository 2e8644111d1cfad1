package board

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/policy"
)

// BoardSummary is one governed board in a list.
type BoardSummary struct {
	Name        string   `json:"name"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Owner       string   `json:"owner"`
	ForRoles    []string `json:"for_roles" doc:"Empty: everybody"`
	Teams       []string `json:"teams"`
	PanelCount  int      `json:"panel_count"`
}

// BoardVariable is a label that the reader of a board chooses a value of.
type BoardVariable struct {
	Name   string   `json:"name"`
	Label  string   `json:"label"`
	Value  string   `json:"value" doc:"Empty: all"`
	Values []string `json:"values"`
}

// PanelQuery is a query with the variables' values in it.
type PanelQuery struct {
	Expr   string `json:"expr"`
	Legend string `json:"legend" doc:"{{label}} stands for a label's value"`
}

// Panel is one panel, ready to be shown.
type Panel struct {
	Kind    string       `json:"kind" enum:"kpi,promql,text"`
	Title   string       `json:"title"`
	Width   int          `json:"width" minimum:"1" maximum:"3" doc:"Columns of three"`
	KPIs    []string     `json:"kpis" doc:"Names of the KPIs that it shows, as far as the reader may see them"`
	Missing []string     `json:"missing" doc:"Names that it should show and that there are none of"`
	Unit    string       `json:"unit"`
	Queries []PanelQuery `json:"queries"`
	HTML    string       `json:"html" doc:"Markdown made into HTML without scripts, styles and images"`
}

// BoardPage is a governed board as one reader sees it.
type BoardPage struct {
	BoardSummary
	Variables []BoardVariable `json:"variables"`
	Panels    []Panel         `json:"panels"`
}

// Boards lists the governed boards of the documents in force, those for the reader's roles first.
func Boards(docs []policy.Document, roles []string) []BoardSummary {
	out := []BoardSummary{}
	for i := range docs {
		if docs[i].Board != nil {
			out = append(out, boardSummary(&docs[i]))
		}
	}
	mine := func(p BoardSummary) int {
		if slices.ContainsFunc(p.ForRoles, func(r string) bool { return slices.Contains(roles, r) }) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(out, func(a, b BoardSummary) int {
		if d := mine(a) - mine(b); d != 0 {
			return d
		}
		return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	})
	return out
}

func boardSummary(d *policy.Document) BoardSummary {
	return BoardSummary{Name: d.Name, Title: d.Title, Description: d.Description, Owner: d.Owner,
		ForRoles: list(d.Board.Roles), Teams: list(d.Board.Teams), PanelCount: len(d.Board.Panels)}
}

func list(in []string) []string {
	if in == nil {
		return []string{}
	}
	return in
}

// BoardPage returns one governed board with the reader's values of its variables. values asks the stores for a label's values,
// as far as the reader may see them; a value that the label does not have is refused.
func (b *Board) BoardPage(ctx context.Context, docs []policy.Document, name string, chosen map[string]string, values func(ctx context.Context, label string) ([]string, error)) (BoardPage, error) {
	i := slices.IndexFunc(docs, func(d policy.Document) bool { return d.Board != nil && d.Name == name })
	if i < 0 {
		return BoardPage{}, fault.New(fault.NotFound, "there is no board %q", name)
	}
	d := &docs[i]
	out := BoardPage{BoardSummary: boardSummary(d), Variables: []BoardVariable{}, Panels: []Panel{}}
	at := map[string]string{}
	for _, v := range d.Board.Variables {
		pv := BoardVariable{Name: v.Name, Label: v.Label, Value: v.Default, Values: list(v.Values)}
		if len(v.Values) == 0 {
			all, err := values(ctx, v.Label)
			if err != nil {
				return BoardPage{}, fmt.Errorf("board %s: values of %s: %w", name, v.Label, err)
			}
			pv.Values = list(all)
		}
		if c, ok := chosen[v.Name]; ok {
			if c != "" && !slices.Contains(pv.Values, c) {
				return BoardPage{}, fault.New(fault.Invalid, "variable %s: there is no %s %q", v.Name, v.Label, c).Hint("The board lists the values that there are")
			}
			pv.Value = c
		}
		at[v.Name] = pv.Value
		out.Variables = append(out.Variables, pv)
	}
	views := b.look(ctx).views
	for _, p := range d.Board.Panels {
		panel, err := b.panel(d.Board, p, at, views)
		if err != nil {
			return BoardPage{}, fmt.Errorf("board %s: %w", name, err)
		}
		out.Panels = append(out.Panels, panel)
	}
	return out, nil
}

func (b *Board) panel(of *policy.Board, p policy.Panel, at map[string]string, views []View) (Panel, error) {
	out := Panel{Title: p.Title, Width: max(1, p.Width), KPIs: []string{}, Missing: []string{}, Unit: p.Unit, Queries: []PanelQuery{}}
	switch {
	case p.KPI != "" || p.KPIs != nil:
		out.Kind = "kpi"
		names := []string{p.KPI}
		if p.KPIs != nil {
			names = p.KPIs.Names
		}
		for _, n := range names {
			if slices.ContainsFunc(views, func(v View) bool { return v.Name == n }) {
				out.KPIs = append(out.KPIs, n)
			} else if n != "" {
				out.Missing = append(out.Missing, n)
			}
		}
		if p.KPIs != nil && (len(p.KPIs.Match) > 0 || p.KPIs.Owner != "") {
			for i := range views {
				if chosenBy(p.KPIs, &views[i]) && !slices.Contains(out.KPIs, views[i].Name) {
					out.KPIs = append(out.KPIs, views[i].Name)
				}
			}
		}
	case len(p.Queries) > 0:
		out.Kind = "promql"
		for _, q := range p.Queries {
			expr, err := of.Query(q, at)
			if err != nil {
				return out, err
			}
			out.Queries = append(out.Queries, PanelQuery{Expr: expr, Legend: q.Legend})
		}
	default:
		out.Kind = "text"
		html, err := Markdown(p.Text)
		if err != nil {
			return out, err
		}
		out.HTML = html
	}
	return out, nil
}

func chosenBy(c *policy.PanelKPIs, v *View) bool {
	if c.Owner != "" && c.Owner != v.Owner {
		return false
	}
	for _, m := range c.Match {
		if !m.Matches(v.Labels[m.Name]) {
			return false
		}
	}
	return true
}

// Markdown makes HTML of Markdown and takes out of it what could run, restyle the page or tell a stranger who reads it.
func Markdown(text string) (string, error) {
	var b bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(text), &b); err != nil {
		return "", fmt.Errorf("markdown: %w", err)
	}
	p := bluemonday.NewPolicy() // nothing is allowed but what follows; no images, which would tell a stranger who reads
	p.AllowElements("h1", "h2", "h3", "h4", "h5", "h6", "p", "br", "hr", "blockquote", "pre", "code", "em", "strong", "del")
	p.AllowLists()
	p.AllowTables()
	p.AllowStandardURLs()
	p.AllowAttrs("href").OnElements("a")
	p.RequireNoFollowOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return p.Sanitize(b.String()), nil
}
