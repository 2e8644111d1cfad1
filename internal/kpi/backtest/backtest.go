// Package backtest holds the words of a back-test: what a definition would have done over recorded time, and how two
// definitions compare. It runs nothing; evaluate rehearses and fills them in.
package backtest

import "github.com/prometheus/prometheus/model/labels"

// Span is a stretch of one light. Times are Unix ms; From is exclusive, To inclusive, as the periods that it is made of.
type Span struct {
	From  int64  `json:"from"`
	To    int64  `json:"to"`
	Light string `json:"light" enum:"green,yellow,red,grey"`
}

// Page is a page that would have been sent.
type Page struct {
	Group labels.Labels `json:"group"`
	From  int64         `json:"from"`
	To    int64         `json:"to" doc:"0 while it is still open at the end"`
	Cause string        `json:"cause" enum:"threshold,burn,no_data"`
	Night bool          `json:"night" doc:"It began between 22:00 and 06:00 in the zone of the test"`
	Real  string        `json:"real" enum:"real,noise,unlabelled" doc:"What the troubleshooting log says of that time"`
}

// Day is one bar of the strip: the worst light of a day.
type Day struct {
	Day   string `json:"day" example:"2026-04-14"`
	Light string `json:"light" enum:"green,yellow,red,grey,none"`
}

// Chart is the value over time, thinned to at most a thousand points that keep each span's lowest and highest. A null is a
// missing datapoint.
type Chart struct {
	T     []int64    `json:"t"`
	Value []*float64 `json:"value"`
}

// Group is the part of one group.
type Group struct {
	Labels  labels.Labels      `json:"labels"`
	Spans   []Span             `json:"spans"`
	Minutes map[string]float64 `json:"minutes" doc:"By light"`
	Pages   int                `json:"pages"`
	Chart   *Chart             `json:"chart"`
}

// Side is one definition over the time of the test.
type Side struct {
	Label       string             `json:"label" example:"Now, revision 3"`
	Revision    int                `json:"revision" doc:"0 for what is proposed"`
	Threshold   string             `json:"threshold" example:"> 3 %"`
	Way         string             `json:"way" enum:"points,raw,query,none" doc:"points: published datapoints judged anew; raw: stored samples replayed; none: there is no such definition"`
	From        int64              `json:"from" doc:"First instant really covered"`
	To          int64              `json:"to"`
	Limited     string             `json:"limited" doc:"Why less than asked for is covered; empty when all is"`
	Points      int64              `json:"points"`
	Transitions int                `json:"transitions"`
	Pages       []Page             `json:"pages" doc:"At most 500, oldest first"`
	PageCount   int                `json:"page_count"`
	NightCount  int                `json:"night_count"`
	PerWeek     float64            `json:"per_week"`
	Minutes     map[string]float64 `json:"minutes" doc:"Of the KPI's light: green yellow red grey"`
	BudgetLeft  *float64           `json:"budget_left" doc:"Share left at the end; null without an objective"`
	FirstAlert  *float64           `json:"first_alert" doc:"Median seconds from an incident's start to the first alert; null without incidents"`
	Caught      int                `json:"caught" doc:"Real incidents that alerted"`
	Real        int                `json:"real" doc:"Real incidents there were"`
	Precision   *float64           `json:"precision"`
	Recall      *float64           `json:"recall"`
	Light       string             `json:"light" enum:"green,yellow,red,grey" doc:"At the end"`
	Strip       []Day              `json:"strip" doc:"The newest 30 days, oldest first"`
	Spans       []Span             `json:"spans" doc:"The KPI's light over time"`
	Chart       *Chart             `json:"chart" doc:"Of the KPI as a whole"`
	Groups      []Group            `json:"groups" doc:"The worst twenty"`
	Hidden      int                `json:"hidden" doc:"Groups that are not listed"`
}

// Comparison is what is in force beside what is proposed.
type Comparison struct {
	KPI      string  `json:"kpi"`
	Title    string  `json:"title"`
	Unit     string  `json:"unit"`
	From     int64   `json:"from" doc:"As asked for, Unix ms"`
	To       int64   `json:"to"`
	Now      *Side   `json:"now" doc:"null for a new KPI"`
	Proposed *Side   `json:"proposed" doc:"null for a removal"`
	Sentence string  `json:"sentence" example:"Five more pages in 90 days, one real incident caught that was missed, and the board would show Breached today."`
	Took     float64 `json:"took_s" doc:"Seconds of computing"`
}
