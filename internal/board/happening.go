package board

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/signalbox/signalbox/internal/kpi"
)

const mostHappening = 20

// happening lists the open pages, worst and newest first, then the silences that are in force.
func (b *Board) happening(ctx context.Context, s *scene) []Happening {
	out := []Happening{}
	views := make(map[string]*View, len(s.views))
	for i := range s.views {
		views[s.views[i].Name] = &s.views[i]
	}
	if b.o.Alerts != nil {
		alerts, err := b.o.Alerts(ctx)
		if err != nil {
			b.o.Logger.Error("board: alerts", "err", err)
		}
		for i := range alerts {
			if alerts[i].State != "suppressed" {
				out = append(out, openPage(&alerts[i], views))
			}
		}
	}
	slices.SortStableFunc(out, func(x, y Happening) int {
		return cmp.Or(cmp.Compare(lightRank(x.Light), lightRank(y.Light)), cmp.Compare(y.Since, x.Since), cmp.Compare(x.Title, y.Title))
	})
	for _, p := range b.pauses(ctx) {
		n, name := 0, ""
		for i, st := range s.sts {
			for j := range st.Groups {
				if p.matches(st.KPI, st.Groups[j].Labels) {
					n, name = n+1, s.views[i].Title
					break
				}
			}
		}
		title := "Silence by " + p.s.CreatedBy
		switch {
		case n == 1:
			title = name + " is paused"
		case n > 1:
			title = fmt.Sprintf("%s are paused", plural(n, "KPI"))
		}
		out = append(out, Happening{Kind: "pause", Light: "paused", Title: title, Detail: p.s.Comment, Since: p.s.StartsAt, Until: p.s.EndsAt, SilenceID: p.s.ID})
	}
	return out[:min(len(out), mostHappening)]
}

func lightRank(l string) int {
	return map[string]int{"red": 0, "yellow": 1, "grey": 2, "green": 3}[l]
}

// openPage shows an alert. One of a KPI takes the light of its group as it is now: a page stays open through grey.
func openPage(a *Alert, views map[string]*View) Happening {
	h := Happening{Kind: "page", Light: kpi.Red.String(), Since: a.StartsAt, Fingerprint: a.Fingerprint, Title: a.Labels["alertname"], Detail: a.Annotations["summary"]}
	if sev := a.Labels["severity"]; sev != "" && sev != "page" && sev != "critical" {
		h.Light = kpi.Yellow.String()
	}
	v := views[a.Labels["kpi"]]
	if v == nil {
		if h.Detail == "" {
			h.Detail = a.Annotations["description"]
		}
		return h
	}
	h.KPI, h.Title, h.Light = v.Name, v.Title, v.Light
	for i := range v.Groups {
		g, same := &v.Groups[i], true
		for name, value := range g.Labels {
			same = same && a.Labels[name] == value
		}
		if same {
			h.Title, h.Light = v.Title+": "+g.Text, g.Light
			break
		}
	}
	return h
}
