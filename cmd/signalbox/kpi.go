package main

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// kpiCmd shows KPIs.
type kpiCmd struct {
	List  kpiListCmd  `cmd:"" default:"withargs" help:"List all KPIs with light and value."`
	Show  kpiShowCmd  `cmd:"" help:"Show one KPI with its groups."`
	Value kpiValueCmd `cmd:"" help:"Print one KPI's value; fails when there is no fresh one."`
}

// kpiView is what the commands read of a KPI.
type kpiView struct {
	Name        string            `json:"name"`
	Title       string            `json:"title"`
	Description string            `json:"description"`
	Outcome     string            `json:"outcome"`
	Owner       string            `json:"owner"`
	Revision    int               `json:"revision"`
	Light       string            `json:"light"`
	Word        string            `json:"word"`
	Since       int64             `json:"since"`
	Reason      string            `json:"reason"`
	Why         string            `json:"why"`
	Promise     string            `json:"promise"`
	Display     display           `json:"display"`
	Labels      map[string]string `json:"labels"`
	PeriodEnd   int64             `json:"period_end"`
	Coverage    float64           `json:"coverage"`
	Warnings    []string          `json:"warnings"`
	Indicator   struct {
		Kind, Text string
	} `json:"indicator"`
	Groups []struct {
		Labels  map[string]string `json:"labels"`
		Light   string            `json:"light"`
		Word    string            `json:"word"`
		Reason  string            `json:"reason"`
		Since   int64             `json:"since"`
		Display display           `json:"display"`
	} `json:"groups"`
}

// because says why the light is not green; while it is, the answer's sentence is only the description.
func (k kpiView) because() string {
	if k.Light == "green" {
		return k.Reason
	}
	return k.Why
}

type display struct{ Value, Unit string }

func (d display) String() string {
	if d.Unit == "" {
		return d.Value
	}
	return d.Value + " " + d.Unit
}

type kpiListCmd struct {
	connection
	output
}

// Run lists the KPIs.
func (c *kpiListCmd) Run(w *world) error {
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own("/kpis"), nil, &raw); err != nil {
		return err
	}
	var body struct{ KPIs []kpiView }
	if err := json.Unmarshal(raw, &body); err != nil {
		return err
	}
	t := table{{"NAME", "LIGHT", "VALUE", "PROMISE", "OWNER", "WHY"}}
	for _, k := range body.KPIs {
		t = append(t, []string{k.Name, light(w, k.Light, k.Word), k.Display.String(), k.Promise, k.Owner, k.because()})
	}
	return c.print(w, t, raw)
}

type kpiShowCmd struct {
	connection
	output
	Name string `arg:"" help:"Name of the KPI."`
}

// Run shows one KPI.
func (c *kpiShowCmd) Run(w *world) error {
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own("/kpis/"+esc(c.Name)), nil, &raw); err != nil {
		return err
	}
	var k kpiView
	if err := json.Unmarshal(raw, &k); err != nil {
		return err
	}
	if c.Output == "json" {
		return c.print(w, nil, raw)
	}
	fmt.Fprintf(w.out, "%s (%s)\n%s\n", k.Title, k.Name, k.Description)
	t := table{
		{"Light", light(w, k.Light, k.Word) + " since " + when(k.Since)}, {"Value", k.Display.String() + " at " + when(k.PeriodEnd)}, {"Promise", k.Promise}, {"Why", k.because()},
		{"Owner", k.Owner}, {"Outcome", k.Outcome}, {"Revision", fmt.Sprint(k.Revision)}, {"Coverage", fmt.Sprintf("%.3g %%", k.Coverage*100)}, {"Made of", k.Indicator.Text},
	}
	for _, warning := range k.Warnings {
		t = append(t, []string{"Warning", warning})
	}
	if err := c.print(w, t, nil); err != nil || len(k.Groups) < 2 {
		return err
	}
	fmt.Fprintln(w.out)
	g := table{{"GROUP", "LIGHT", "VALUE", "SINCE", "WHY"}}
	for _, x := range k.Groups {
		g = append(g, []string{labelText(x.Labels), light(w, x.Light, x.Word), x.Display.String(), when(x.Since), x.Reason})
	}
	return c.print(w, g, nil)
}

type kpiValueCmd struct {
	connection
	output
	Name string `arg:"" help:"Name of the KPI."`
}

// Run prints the value in base units.
func (c *kpiValueCmd) Run(w *world) error {
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own("/kpis/"+esc(c.Name)+"/value"), nil, &raw); err != nil {
		return err
	}
	if c.Output == "json" {
		return c.print(w, nil, raw)
	}
	var v struct{ Value float64 }
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	fmt.Fprintln(w.out, v.Value)
	return nil
}
