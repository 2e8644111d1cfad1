package policy

import (
	"github.com/prometheus/prometheus/model/labels"
)

// Board is one page of chosen panels.
type Board struct {
	Name      string
	Roles     []string // who it is for; empty = everybody
	Teams     []string
	Variables []Variable
	Panels    []Panel
}

// Variable is a label that readers of a board choose a value of. Queries name it as "$name" inside a label matcher.
type Variable struct {
	Name    string
	Label   string
	Values  []string // in the order shown; empty = those that the label has
	Default string   // empty = all values
}

// Panel is one panel: KPI, KPIs, Queries or Text is set.
type Panel struct {
	Title   string
	KPI     string
	KPIs    *PanelKPIs
	Queries []PanelQuery
	Unit    string // of the queries' values, as a KPI's
	Text    string // Markdown
	Width   int    // columns of three
}

// PanelKPIs chooses KPIs: by name, or by labels and owner.
type PanelKPIs struct {
	Names []string
	Match []*labels.Matcher
	Owner string
}

// PanelQuery is one PromQL query of a panel.
type PanelQuery struct {
	Expr   string
	Legend string // {{label}} stands for a label's value
}
