package app

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
)

const pagers = `kind: KPI
name: filings
title: Filings refused
owner: a@irs.example
unit: percent
indicator: {ratio: {bad: 'refused_total', total: 'filings_total'}}
thresholds: {red: "> 50%", for: 3}
---
kind: Route
name: filing-desk
title: Filing desk
owner: a@irs.example
kpis: [filings]
receiver: desk
repeat_interval: 2h
`

const toThePeople = `policies: [p.yaml]
alerting:
  global: {smtp_smarthost: "127.0.0.1:1025", smtp_from: "s@irs.example", smtp_require_tls: false}
  route: {receiver: oncall}
  receivers:
    - name: oncall
      email_configs: [{to: "Jo <jo@irs.example>, ann@irs.example"}]
    - name: desk
      email_configs: [{to: desk@irs.example}]
    - name: nobody
`

// The law of an instant is what policies and configuration said then, as far as it is kept.
func TestLawOfAnInstant(t *testing.T) {
	h, srv := opened(t, toThePeople, map[string]string{"p.yaml": pagers})
	d, ctx := lawDoor{h}, t.Context()
	k, err := d.Definition(ctx, "filings", 1)
	require.NoError(t, err)
	require.Equal(t, 3, k.Thresholds.ForRed.M)
	require.Nil(t, k.Page)
	for _, gone := range []struct {
		name string
		n    int
	}{{"filings", 2}, {"nope", 1}} {
		k, err = d.Definition(ctx, gone.name, gone.n)
		require.NoError(t, err)
		require.Nil(t, k)
	}

	now := time.Now().UnixMilli() + 60_000
	alert := map[string]string{"alertname": "filings", "kpi": "filings"}
	r, err := d.Routing(ctx, now, alert)
	require.NoError(t, err)
	require.True(t, r.Known)
	require.Len(t, r.Routes, 1)
	require.Equal(t, "filing-desk", r.Routes[0].Policy)
	require.Equal(t, "desk", r.Routes[0].Receiver)
	require.Equal(t, 1, r.Routes[0].Revision)
	require.Equal(t, 2*time.Hour, r.Routes[0].Repeat)
	require.False(t, r.Routes[0].Mute)
	r, err = d.Routing(ctx, now, map[string]string{"alertname": "other"})
	require.NoError(t, err)
	require.Equal(t, "oncall", r.Routes[0].Receiver)
	// Before the configuration was read another may have been in force.
	r, err = d.Routing(ctx, 1, alert)
	require.NoError(t, err)
	require.False(t, r.Known)
	require.Empty(t, r.Routes)

	for who, want := range map[string][]string{"oncall": {"oncall"}, "JO@irs.example": {"oncall"}, "desk@irs.example": {"desk"}, "stranger@x": nil, "x": nil} {
		got, err := d.Receivers(ctx, who)
		require.NoError(t, err)
		require.Equal(t, want, got, who)
	}
	require.True(t, d.mute("nobody"))
	require.GreaterOrEqual(t, d.Kept(), 90*24*time.Hour)

	// Over HTTP.
	ana := member(t, h, srv, "ana@irs.example", access.GrantText{Role: access.Viewer})
	code, body := ana("GET", "/api/signalbox/v1/kpis/filings/why", "")
	require.Equal(t, http.StatusOK, code, body)
	require.Contains(t, body, `"answer":"not_`)
	for _, bad := range []string{"?at=5&from=1", "?receiver=nobody-here", "?group=x", "?nonsense=1", "?at=253402300799999"} {
		code, body = ana("GET", "/api/signalbox/v1/kpis/filings/why"+bad, "")
		require.Equal(t, http.StatusBadRequest, code, body)
	}
	code, _ = ana("GET", "/api/signalbox/v1/why/6c054fe9-0f5c-4c7b-9a0e-3c0d8f1f2a11", "")
	require.Equal(t, http.StatusNotFound, code)
}
