package api

import (
	"context"
	"math"
	"net/http"
	"time"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/access/scoped"
	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/search"
)

// Row is one log record, span or event as people read it.
type Row struct {
	Time       float64     `json:"time" doc:"Unix ms with microseconds behind the point"`
	Service    string      `json:"service,omitempty"`
	Env        string      `json:"env,omitempty"`
	Agency     string      `json:"agency,omitempty"`
	Version    string      `json:"version,omitempty"`
	Release    string      `json:"release,omitempty"`
	Source     string      `json:"source,omitempty"`
	Trust      string      `json:"trust,omitempty" doc:"public for what came in by the public door"`
	User       string      `json:"user,omitempty" doc:"Pseudonym"`
	Session    string      `json:"session,omitempty"`
	BusinessID string      `json:"business_id,omitempty"`
	TraceID    string      `json:"trace_id,omitempty"`
	SpanID     string      `json:"span_id,omitempty"`
	ParentID   string      `json:"parent_id,omitempty"`
	Name       string      `json:"name,omitempty"`
	Route      string      `json:"route,omitempty"`
	Kind       string      `json:"kind,omitempty"`
	Level      string      `json:"level,omitempty"`
	Status     string      `json:"status,omitempty" doc:"unset, ok or error; of spans and events"`
	Duration   *float64    `json:"duration,omitempty" doc:"Seconds"`
	Value      *float64    `json:"value,omitempty"`
	ErrorType  string      `json:"error_type,omitempty"`
	Body       string      `json:"body,omitempty"`
	Detail     string      `json:"detail,omitempty" doc:"Events and links of a span, as JSON"`
	Weight     float64     `json:"weight" doc:"How many rows it stands for after sampling"`
	Attributes []Attribute `json:"attributes"`
	Resource   []Attribute `json:"resource" doc:"Attributes that all rows of its sender share"`
}

// Attribute is one attribute of a row.
type Attribute struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// RowsBody is a page of rows.
type RowsBody struct {
	Rows []Row  `json:"rows"`
	Next string `json:"next,omitempty" doc:"Pass it as after for the next page; empty at the end"`
}

// CountBody says how many rows there are.
type CountBody struct {
	Count float64 `json:"count" doc:"Rows that happened: each counts by its weight"`
	Rows  float64 `json:"rows" doc:"Rows that are stored"`
}

// HistogramBody counts rows over time.
type HistogramBody struct {
	Step   int64       `json:"step" doc:"Width of a bucket in ms"`
	Times  []int64     `json:"times" doc:"Beginnings of the buckets, Unix ms"`
	Series []Histogram `json:"series" doc:"Biggest first"`
	Cut    bool        `json:"cut" doc:"There were more values than are shown"`
}

// Histogram is the counts of one value of the field asked for.
type Histogram struct {
	Value  string    `json:"value"`
	Counts []float64 `json:"counts" doc:"One for each time"`
}

// FacetsBody says which values fields have, most frequent first.
type FacetsBody struct {
	Facets []Facet `json:"facets"`
}

// Facet is one field's values.
type Facet struct {
	Field  string       `json:"field"`
	Values []FacetValue `json:"values"`
	More   bool         `json:"more" doc:"There are more values than are listed"`
}

// FacetValue is how often a value stands.
type FacetValue struct {
	Value string  `json:"value"`
	Count float64 `json:"count"`
}

// FieldsBody lists what can be searched by.
type FieldsBody struct {
	Fields     []FieldInfo `json:"fields"`
	Attributes []string    `json:"attributes" doc:"Names of attributes, most frequent first"`
}

// FieldInfo is one field.
type FieldInfo struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
}

type rowsInput struct {
	Span
	Q      string `query:"q" maxLength:"4000" doc:"Search, such as: timeout service:intake level:error -route:/health"`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	After  string `query:"after" maxLength:"64" doc:"next of the page before"`
	Oldest bool   `query:"oldest" doc:"Oldest first"`
}

type countInput struct {
	Span
	Q string `query:"q" maxLength:"4000"`
}

type histogramInput struct {
	Span
	Q   string `query:"q" maxLength:"4000"`
	By  string `query:"by" maxLength:"256" doc:"Field whose values are told apart, such as level"`
	Max int    `query:"max" minimum:"1" maximum:"1000" default:"60" doc:"Most buckets wanted"`
}

type facetsInput struct {
	Span
	Q     string   `query:"q" maxLength:"4000"`
	Field []string `query:"field,explode" maxItems:"20"`
	Top   int      `query:"top" minimum:"1" maximum:"200" default:"10"`
}

type fieldsInput struct{ Span }

type contextInput struct {
	At     float64 `query:"at" required:"true" doc:"Time of the line, Unix ms with fractions"`
	Q      string  `query:"q" maxLength:"4000" doc:"What the neighbours have in common, such as service:intake"`
	Before int     `query:"before" minimum:"0" maximum:"200" default:"20"`
	After  int     `query:"after" minimum:"0" maximum:"200" default:"20"`
}

// ContextBody is what stood around a line, oldest first; the line itself is among After's first.
type ContextBody struct {
	Before []Row `json:"before"`
	After  []Row `json:"after"`
}

// registerRows describes logs, spans and events.
func (a *API) registerRows(m *table) {
	if a.o.Rows == nil {
		m.absent = "row store"
	}
	for _, t := range rowstore.Tables() {
		name := t.String()
		add(a, m, name, http.MethodGet, "/"+name, access.ReadSignals, "Search "+name+", newest first", func(ctx context.Context, in *rowsInput) (*out[RowsBody], error) {
			b, err := a.findRows(ctx, t, in)
			return &out[RowsBody]{b}, err
		})
		add(a, m, name+"-count", http.MethodGet, "/"+name+"/count", access.ReadSignals, "How many "+name+" there are", func(ctx context.Context, in *countInput) (*out[CountBody], error) {
			b, err := a.countRows(ctx, t, in)
			return &out[CountBody]{b}, err
		})
		add(a, m, name+"-histogram", http.MethodGet, "/"+name+"/histogram", access.ReadSignals, "How many "+name+" over time", func(ctx context.Context, in *histogramInput) (*out[HistogramBody], error) {
			b, err := a.histogram(ctx, t, in)
			return &out[HistogramBody]{b}, err
		})
		add(a, m, name+"-facets", http.MethodGet, "/"+name+"/facets", access.ReadSignals, "The values of fields, most frequent first", func(ctx context.Context, in *facetsInput) (*out[FacetsBody], error) {
			b, err := a.facets(ctx, t, in)
			return &out[FacetsBody]{b}, err
		})
		add(a, m, name+"-fields", http.MethodGet, "/"+name+"/fields", access.ReadSignals, "What can be searched by", func(ctx context.Context, in *fieldsInput) (*out[FieldsBody], error) {
			b, err := a.fields(ctx, t, in)
			return &out[FieldsBody]{b}, err
		})
	}
	add(a, m, "logs-context", http.MethodGet, "/logs/context", access.ReadSignals, "What stood before and after a line", func(ctx context.Context, in *contextInput) (*out[ContextBody], error) {
		b, err := a.logContext(ctx, in)
		return &out[ContextBody]{b}, err
	})
	a.tail(m)
	m.absent = ""
}

// rowsOf is what the asker may see of the rows.
func (a *API) rowsOf() scoped.RowReader {
	return scoped.Rows(a.o.Rows, func(ctx context.Context) scoped.Lens { return scoped.Of(ctx, access.ReadSignals) })
}

// asked reads the search and the span of a question about rows.
func (a *API) asked(q string, s Span) (rowstore.Expr, rowstore.Between, error) {
	e, err := search.Parse(q)
	if err != nil {
		return e, rowstore.Between{}, err
	}
	from, to, err := a.bounds(s, day/24, 800*day)
	if s.To == 0 {
		to++ // what came in in this very millisecond counts
	}
	return e, rowstore.Between{From: from * 1000, To: to * 1000}, err
}

func (a *API) findRows(ctx context.Context, t rowstore.Table, in *rowsInput) (b RowsBody, err error) {
	q := rowstore.Find{Table: t, Oldest: in.Oldest, Limit: in.Limit}
	if q.Where, q.Between, err = a.asked(in.Q, in.Span); err != nil {
		return b, err
	}
	if in.After != "" {
		if q.After, err = cursorOf(in.After); err != nil {
			return b, err
		}
	}
	found, err := a.rowsOf().Find(ctx, q)
	if err != nil {
		return b, err
	}
	b.Rows = views(found)
	if len(found) == in.Limit {
		b.Next = cursorAfter(q.After, found)
	}
	return b, nil
}

func (a *API) countRows(ctx context.Context, t rowstore.Table, in *countInput) (b CountBody, err error) {
	q := rowstore.Count{Table: t, Of: []rowstore.Aggregate{{Kind: "rows"}, {Kind: "stored"}}}
	if q.Where, q.Between, err = a.asked(in.Q, in.Span); err != nil {
		return b, err
	}
	g, err := a.rowsOf().Count(ctx, q)
	if err != nil || len(g.Rows) == 0 {
		return b, err
	}
	return CountBody{Count: g.Rows[0].Numbers[0], Rows: g.Rows[0].Numbers[1]}, nil
}

// steps are the widths that a histogram's buckets may have.
var steps = []time.Duration{
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour,
}

// stepFor returns the narrowest step that cuts a span into no more than most buckets.
func stepFor(span time.Duration, most int) time.Duration {
	for _, s := range steps {
		if span/s < time.Duration(most) {
			return s
		}
	}
	return 28 * 24 * time.Hour
}

// seriesShown is how many values of a histogram are told apart.
const seriesShown = 12

func (a *API) histogram(ctx context.Context, t rowstore.Table, in *histogramInput) (b HistogramBody, err error) {
	q := rowstore.Count{Table: t, Of: []rowstore.Aggregate{{Kind: "rows"}}, Top: (in.Max + 2) * (seriesShown + 1)}
	if q.Where, q.Between, err = a.asked(in.Q, in.Span); err != nil {
		return b, err
	}
	q.Step = stepFor(time.Duration(q.To-q.From)*time.Microsecond, in.Max)
	if in.By != "" {
		q.By = []string{in.By}
		top, err := a.rowsOf().Count(ctx, rowstore.Count{Table: t, Between: q.Between, Where: q.Where, By: q.By, Of: q.Of, Top: seriesShown})
		if err != nil {
			return b, err
		}
		b.Cut = top.Cut
		values := make([]rowstore.Expr, 0, len(top.Rows))
		for _, g := range top.Rows {
			b.Series = append(b.Series, Histogram{Value: g.Keys[0]})
			values = append(values, rowstore.Is(in.By, g.Keys[0]))
		}
		if top.Cut {
			q.Where = rowstore.All(q.Where, rowstore.Any(values...))
		}
	} else {
		b.Series = []Histogram{{}}
	}
	g, err := a.rowsOf().Count(ctx, q)
	if err != nil {
		return b, err
	}
	step := q.Step.Microseconds()
	first := floor(q.From, step)
	for at := first; at < q.To; at += step {
		b.Times = append(b.Times, at/1000)
	}
	place := map[string]int{}
	for i := range b.Series {
		b.Series[i].Counts = make([]float64, len(b.Times))
		place[b.Series[i].Value] = i
	}
	for _, r := range g.Rows {
		key := ""
		if in.By != "" {
			key = r.Keys[0]
		}
		i, known := place[key]
		if at := int((r.At - first) / step); known && at >= 0 && at < len(b.Times) {
			b.Series[i].Counts[at] += r.Numbers[0]
		}
	}
	b.Step, b.Series, b.Times = q.Step.Milliseconds(), list(b.Series), list(b.Times)
	return b, nil
}

func floor(t, step int64) int64 {
	r := t % step
	if r < 0 {
		r += step
	}
	return t - r
}

func (a *API) facets(ctx context.Context, t rowstore.Table, in *facetsInput) (b FacetsBody, err error) {
	q := rowstore.Count{Table: t, Of: []rowstore.Aggregate{{Kind: "rows"}}, Top: in.Top}
	if q.Where, q.Between, err = a.asked(in.Q, in.Span); err != nil {
		return b, err
	}
	b.Facets = []Facet{}
	for _, field := range in.Field {
		q.By = []string{field}
		g, err := a.rowsOf().Count(ctx, q)
		if err != nil {
			return b, err
		}
		f := Facet{Field: field, Values: []FacetValue{}, More: g.Cut}
		for _, r := range g.Rows {
			f.Values = append(f.Values, FacetValue{r.Keys[0], r.Numbers[0]})
		}
		b.Facets = append(b.Facets, f)
	}
	return b, nil
}

func (a *API) fields(ctx context.Context, t rowstore.Table, in *fieldsInput) (b FieldsBody, err error) {
	_, between, err := a.asked("", in.Span)
	if err != nil {
		return b, err
	}
	b.Fields = []FieldInfo{}
	for _, f := range rowstore.Fields() {
		b.Fields = append(b.Fields, FieldInfo{f.Name, f.Doc})
	}
	names, err := a.rowsOf().Attributes(ctx, t, between)
	b.Attributes = list(names)
	return b, err
}

func (a *API) logContext(ctx context.Context, in *contextInput) (b ContextBody, err error) {
	where, err := search.Parse(in.Q)
	if err != nil {
		return b, err
	}
	at := int64(math.Round(in.At * 1000))
	if at <= 0 {
		return b, fault.New(fault.Invalid, "at %v: want Unix milliseconds", in.At)
	}
	b.Before, b.After = []Row{}, []Row{}
	const reach = int64(24 * time.Hour / time.Microsecond)
	if in.Before > 0 {
		before, err := a.rowsOf().Find(ctx, rowstore.Find{Table: rowstore.Logs, Between: rowstore.Between{From: at - reach, To: at}, Where: where, Limit: in.Before})
		if err != nil {
			return b, err
		}
		for i := range before {
			b.Before = append(b.Before, view(&before[len(before)-1-i]))
		}
	}
	if in.After > 0 {
		after, err := a.rowsOf().Find(ctx, rowstore.Find{Table: rowstore.Logs, Between: rowstore.Between{From: at, To: at + reach}, Where: where, Oldest: true, Limit: in.After})
		if err != nil {
			return b, err
		}
		b.After = views(after)
	}
	return b, nil
}
