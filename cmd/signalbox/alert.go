package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// alertsView is what the commands read of GET /alerts.
type alertsView struct {
	Active []struct {
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		StartsAt    int64             `json:"starts_at"`
		State       string            `json:"state"`
		Receivers   []string          `json:"receivers"`
	} `json:"active"`
	Silences []struct {
		ID       string    `json:"id"`
		Matchers []matcher `json:"matchers"`
		StartsAt int64     `json:"starts_at"`
		EndsAt   int64     `json:"ends_at"`
		By       string    `json:"created_by"`
		Comment  string    `json:"comment"`
		State    string    `json:"state"`
	} `json:"silences"`
}

type matcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"is_regex"`
	IsEqual bool   `json:"is_equal"`
}

func (m matcher) String() string {
	op := map[[2]bool]string{{false, true}: "=", {false, false}: "!=", {true, true}: "=~", {true, false}: "!~"}[[2]bool{m.IsRegex, m.IsEqual}]
	return fmt.Sprintf("%s%s%q", m.Name, op, m.Value)
}

// alertCmd shows alerts.
type alertCmd struct {
	List alertListCmd `cmd:"" default:"withargs" help:"List the active alerts."`
}

type alertListCmd struct {
	connection
	output
}

// Run lists the active alerts.
func (c *alertListCmd) Run(w *world) error {
	var raw json.RawMessage
	if err := c.call(w, http.MethodGet, own("/alerts"), nil, &raw); err != nil {
		return err
	}
	var v alertsView
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	t := table{{"ALERT", "GROUP", "SINCE", "STATE", "TOLD", "SUMMARY"}}
	for _, a := range v.Active {
		name := a.Labels["alertname"]
		group := map[string]string{}
		for k, x := range a.Labels {
			if k != "alertname" && k != "kpi" && k != "severity" {
				group[k] = x
			}
		}
		t = append(t, []string{name, labelText(group), when(a.StartsAt), a.State, strings.Join(a.Receivers, ","), a.Annotations["summary"]})
	}
	return c.print(w, t, v.Active)
}
