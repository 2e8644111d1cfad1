package policy

import "github.com/signalbox/signalbox/internal/policy/strict"

func text(doc, example string) strict.Shape {
	return strict.Shape{Doc: doc, Types: []string{"string"}, Example: example}
}

func number(doc, example string) strict.Shape {
	return strict.Shape{Doc: doc, Types: []string{"number", "string"}, Example: example}
}

func whole(doc, example string) strict.Shape {
	return strict.Shape{Doc: doc, Types: []string{"integer"}, Example: example}
}

func flag(doc string) strict.Shape { return strict.Shape{Doc: doc, Types: []string{"boolean"}} }

func word(doc string, words ...string) strict.Shape { return strict.Shape{Doc: doc, Enum: words} }

// list is a list of texts.
func list(doc, example, each string) strict.Shape {
	return strict.Shape{Doc: doc, Forms: strict.List, Example: example, NonEmpty: true, Each: &strict.Shape{Types: []string{"string"}, Example: each}}
}

// documentShape is the grammar of a kind: from it documents are checked and the editor's schema is made.
func documentShape(kind Kind) strict.Shape {
	s := strict.Shape{Doc: kindDocs()[kind], Keys: []strict.Key{
		{Name: "kind", Required: true, Shape: strict.Shape{Doc: "What this document is.", Types: []string{"string"}, Const: string(kind)}},
		{Name: "name", Required: true, Shape: strict.Shape{Doc: "Unique name, part of addresses and labels.", Types: []string{"string"}, Pattern: "^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$", Example: "efile-error-rate"}},
		{Name: "title", Shape: text("What people read; the name unless stated.", "1040 e-file error rate")},
		{Name: "description", Shape: text("What it means and why it matters.", "Share of requests that ended with a server error.")},
		{Name: "owner", Required: kind == KindKPI, Shape: text("Who answers for it: a person or a team.", "oncall@irs.example")},
		{Name: "labels", Shape: strict.Shape{Doc: "Labels of the policy; those of a KPI are its alerts' too.", Forms: strict.Map, Example: "{team: efile}", Each: &strict.Shape{Types: []string{"string", "number", "boolean"}, Example: "efile"}}},
		{Name: "regulated", Shape: flag("true: a change needs another person's approval, never the author's own.")},
		{Name: "review_every", Shape: strict.Shape{Doc: "How often people look at it again; 180d unless stated, 0 is never.", Types: []string{"string", "integer"}, Example: "180d"}},
	}}
	s.Keys = append(s.Keys, specKeys(kind)...)
	return s
}

func kindDocs() map[Kind]string {
	return map[Kind]string{
		KindKPI:         "A KPI: an indicator with thresholds and an owner.",
		KindRoute:       "A route: who is told about what.",
		KindRetention:   "A retention: how long a signal, or a data class of it, is kept.",
		KindSampling:    "A sampling: how much of a source's signals is taken.",
		KindPrivacy:     "A privacy rule: what is taken out of signals before they are stored.",
		KindApproval:    "An approval: who must approve which change.",
		KindMaintenance: "A maintenance: when nobody is paged, and why.",
		KindBoard:       "A board: chosen KPIs, queries and text on one page.",
	}
}

func specKeys(kind Kind) []strict.Key {
	switch kind {
	case KindRoute:
		return routeKeys()
	case KindRetention:
		return retentionKeys()
	case KindSampling:
		return samplingKeys()
	case KindPrivacy:
		return privacyKeys()
	case KindApproval:
		return approvalKeys()
	case KindMaintenance:
		return maintenanceKeys()
	case KindBoard:
		return boardKeys()
	default:
		return kpiKeys()
	}
}

func kpiKeys() []strict.Key {
	return []strict.Key{
		{Name: "outcome", Shape: strict.Shape{Doc: "Whose question it answers; technical unless stated.", Enum: []string{"technical", "business"}}},
		{Name: "unit", Shape: text("How people read it: percent, ratio, seconds, bytes, count, per_second, per_minute or a word of your own.", "percent")},
		{Name: "indicator", Required: true, Shape: indicatorShape()},
		{Name: "by", Shape: list("Labels whose combinations get a light each.", "[service]", "service")},
		{Name: "expect", Shape: strict.Shape{Doc: "Groups that must exist.", Forms: strict.List, Example: "[{service: intake}]", NonEmpty: true, Each: &strict.Shape{Forms: strict.Map, NonEmpty: true, Example: "{service: intake}", Each: &strict.Shape{Types: []string{"string", "number", "boolean"}, Example: "intake"}}}},
		{Name: "max_groups", Shape: whole("More groups than this is an error; 1000 unless stated.", "1000")},
		{Name: "period", Shape: text("Spacing of datapoints, 1s to 1d; 1m unless stated.", "1m")},
		{Name: "window", Shape: text("Span that one datapoint covers, a multiple of the period; the period unless stated.", "5m")},
		{Name: "delay", Shape: text("How long after its end a period closes; by the source unless stated.", "5s")},
		{Name: "interval", Shape: text("Interval of pushed series; the period unless stated.", "10s")},
		{Name: "zone", Shape: text("Time zone of calendar windows; UTC unless stated. Datapoints end at UTC instants.", "America/New_York")},
		{Name: "thresholds", Shape: thresholdsShape()},
		{Name: "min_coverage", Shape: number("A datapoint with less coverage is missing; 0 unless stated.", "80%")},
		{Name: "restate_for", Shape: text("How late data may restate a value; 1h unless stated.", "1h")},
		{Name: "objective", Shape: strict.Shape{Doc: "A promise over a long window.", Example: "{target: 99.5%, window: 30d}", Keys: []strict.Key{
			{Name: "target", Required: true, Shape: number("Share that must be good, above 0 and below 100%.", "99.5%")},
			{Name: "window", Required: true, Shape: text("A rolling window such as 30d, or the calendar's month, week or quarter.", "30d")},
		}}},
		{Name: "page", Shape: strict.Shape{Doc: "Who is told when it turns red.", Example: "{severity: page, runbook: https://runbooks.irs.example/efile-errors}", Keys: []strict.Key{
			{Name: "severity", Shape: text("The alert's severity label; page unless stated.", "page")},
			{Name: "runbook", Shape: text("Address of the page that says what to do.", "https://runbooks.irs.example/efile-errors")},
			{Name: "no_data", Shape: whole("Tell the owner after so many grey datapoints; 0, the default, is never.", "3")},
		}}},
	}
}

func indicatorShape() strict.Shape {
	selector := func(doc string) strict.Shape { return text(doc, `'http_requests_total{job="efile"}'`) }
	histogram := strict.Key{Name: "histogram", Shape: text("Over samples: base name of the histogram, without _bucket, with its matchers.", `'http_request_duration_seconds{job="efile"}'`)}
	rows := func(doc string) strict.Key {
		return strict.Key{Name: "of", Shape: text(doc, `'spans{service="portal",kind="server"}'`)}
	}
	value := func(doc, example string) strict.Key { return strict.Key{Name: "value", Shape: text(doc, example)} }
	required := func(k strict.Key) strict.Key {
		k.Required = true
		return k
	}
	of, field := rows("Over rows: which ones."), value("Over rows: the field, duration, value or an attribute that holds a number.", "duration")
	return strict.Shape{
		Doc: "How the number is made: exactly one kind. Selectors name series, or rows by their table: logs{level=\"error\"}, spans{service=\"portal\"}, events{name=\"login\"}. " +
			"A row counts as many times as its weight, in the period of its time. A window without a row that is selected is zero if the table got other rows, else without data.",
		Example: `{ratio: {bad: 'http_requests_total{code=~"5.."}', total: http_requests_total}}`,
		Keys: []strict.Key{
			{Name: "ratio", Shape: strict.Shape{Doc: "Share of increases or of rows, 0 to 1.", Example: "{bad: SELECTOR, total: SELECTOR}", Keys: []strict.Key{
				{Name: "good", Shape: selector("What went well; either this or bad.")},
				{Name: "bad", Shape: selector("What went wrong; either this or good.")},
				{Name: "total", Required: true, Shape: selector("Everything.")},
			}}},
			{Name: "rate", Shape: selector("Increase, or rows, per second.")},
			{Name: "mean", Shape: strict.Shape{Doc: "Sum of increases divided by count of increases, or the mean of a field of rows.", Example: "{sum: SELECTOR, count: SELECTOR}", Keys: []strict.Key{
				{Name: "sum", Shape: selector("Over samples: the sum.")},
				{Name: "count", Shape: selector("Over samples: the count.")}, of, field,
			}}},
			{Name: "share_below", Shape: strict.Shape{Doc: "Share of observations, or of rows, at or below a value. Over rows it is exact.", Example: "{histogram: SELECTOR, below: 2s}", Keys: []strict.Key{
				histogram, of, field, {Name: "below", Required: true, Shape: number("The value.", "2s")},
			}}},
			{Name: "quantile", Shape: strict.Shape{Doc: "A quantile of a histogram, or of a field of rows within 1 % of the exact one.", Example: "{histogram: SELECTOR, q: 0.95}", Keys: []strict.Key{
				histogram, of, field, {Name: "q", Required: true, Shape: number("Above 0 and below 1.", "0.95")},
			}}},
			{Name: "apdex", Shape: strict.Shape{Doc: "(satisfied + tolerating/2) / total. Over rows it is exact, and rows with status error are frustrated.", Example: "{histogram: SELECTOR, t: 500ms}", Keys: []strict.Key{
				histogram, of, field, {Name: "t", Required: true, Shape: number("Satisfied up to t, tolerating up to 4t.", "500ms")},
			}}},
			{Name: "availability", Shape: text("Share of samples with the value 1.", `'up{job="efile"}'`)},
			{Name: "gauge", Shape: strict.Shape{Doc: "A gauge, first over time, then across series.", Example: "{of: SELECTOR, over: avg, across: sum}", Keys: []strict.Key{
				{Name: "of", Required: true, Shape: selector("The gauge.")},
				{Name: "over", Required: true, Shape: strict.Shape{Doc: "Over the window.", Enum: []string{"last", "avg", "min", "max"}}},
				{Name: "across", Required: true, Shape: strict.Shape{Doc: "Across the series of a group.", Enum: []string{"sum", "avg", "min", "max"}}},
			}}},
			{Name: "freshness", Shape: selector("Age of the newest sample or row at the period's end, in seconds.")},
			{Name: "unique", Shape: strict.Shape{Doc: "How many different values a field of rows has: exactly up to 2,048, beyond it within about 1.6 % (95 of 100 times).", Example: "{of: 'events{name=\"login\"}', value: user}", Keys: []strict.Key{
				required(rows("Which rows.")), required(value("The field, such as user, session or business_id. Rows without it do not count.", "user")),
			}}},
			{Name: "pair", Shape: strict.Shape{
				Doc: "Share of first rows that a then row follows in time. A pair counts once, in the period in which it completes or its time runs out.", Example: "{first: SELECTOR, then: SELECTOR, on: business_id, within: 30s}",
				Keys: []strict.Key{
					{Name: "first", Required: true, Shape: text("What begins the pair.", `'events{name="filing_submitted"}'`)},
					{Name: "then", Required: true, Shape: text("What completes it.", `'events{name="filing_accepted"}'`)},
					{Name: "on", Required: true, Shape: text("The field that is equal in both.", "business_id")},
					{Name: "within", Required: true, Shape: text("How long it may take, up to 1d.", "30s")},
				},
			}},
			{Name: "expr", Shape: text("Arithmetic over other KPIs, with inputs.", "a / b")},
			{Name: "inputs", Shape: strict.Shape{Doc: "The variables of expr and the KPIs they stand for.", Forms: strict.Map, NonEmpty: true, Example: "{a: filings-accepted, b: filings-forecast}", Each: &strict.Shape{Types: []string{"string"}, Example: "filings-accepted"}}},
			{Name: "promql", Shape: text("A PromQL query that always returns a value; evaluated once a period.", "'sum(queue_depth)'")},
			{Name: "sql", Shape: text("One SELECT over rows, evaluated once a period: a number, or label columns and a column called value. $from and $to are the ends of the window, the first exclusive. Late rows do not restate it.", `'SELECT count(*) AS value FROM events WHERE time > $from AND time <= $to'`)},
		},
	}
}

func thresholdsShape() strict.Shape {
	bind := func(doc, example string) strict.Shape {
		return strict.Shape{Doc: doc, Types: []string{"integer", "string"}, Example: example}
	}
	count := bind("Breaching datapoints: a number N (of N) or M of N.", "2 of 3")
	binds := bind("How many datapoints must breach: N, M of N, or one for each band.", "3")
	binds.Keys = []strict.Key{{Name: "red", Shape: count}, {Name: "yellow", Shape: count}}
	return strict.Shape{
		Doc: "The bands of the KPI and how they bind.", Example: `{yellow: "> 1%", red: "> 3%", for: 3}`,
		Keys: []strict.Key{
			{Name: "yellow", Shape: text("At risk: a comparison (> >= < <= or outside a..b).", `"> 1%"`)},
			{Name: "red", Shape: text("Breached: a comparison at or beyond yellow.", `"> 3%"`)},
			{Name: "for", Shape: binds},
			{Name: "recover", Shape: bind("How many good datapoints end a breach: K, or K of N.", "2 of 3")},
			{Name: "missing", Shape: strict.Shape{Doc: "How missing datapoints count.", Enum: []string{"missing", "breaching", "not_breaching", "ignore"}}},
			{Name: "min_count", Shape: number("A total below this makes the datapoint missing.", "20")},
			{Name: "range", Shape: whole("Evaluation range in datapoints; N+2 unless stated.", "5")},
		},
	}
}
