package duckdb_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb"
)

// path computes something of the rows of one person after the other; fresh tells that a row is the first of one.
type path interface {
	take(rows []rowstore.Row, fresh func(int) bool)
	answer(other path) float64
}

// peerQuery is one question in two languages; both answer with one number.
type peerQuery struct {
	name      string
	ours      func() float64
	theirs    string
	tolerance float64
}

func peerQueries(b *testing.B, s *duckdb.Store, trace rowstore.TraceID) []peerQuery {
	ctx := context.Background()
	all := rowstore.Between{From: peerStart, To: peerStart + peerDays*peerDay}
	day := rowstore.Between{From: peerStart + 10*peerDay, To: peerStart + 11*peerDay}
	timeout := rowstore.Expr{Match: &rowstore.Match{Field: "body", Op: rowstore.Contains, Value: "timeout"}}
	find := func(q rowstore.Find) func() float64 {
		return func() float64 {
			rows, err := s.Find(ctx, q)
			require.NoError(b, err)
			return float64(len(rows))
		}
	}
	count := func(q rowstore.Count, number func(rowstore.Groups) float64) func() float64 {
		q.Top = 100_000
		return func() float64 {
			g, err := s.Count(ctx, q)
			require.NoError(b, err)
			return number(g)
		}
	}
	sum := func(g rowstore.Groups) (t float64) {
		for _, r := range g.Rows {
			t += r.Numbers[0]
		}
		return t
	}
	groups := func(g rowstore.Groups) float64 { return float64(len(g.Rows)) }
	// People's paths are read in two parts side by side, as the usage pages read them.
	perUser := func(start func() path) func() float64 {
		return func() float64 {
			var parts [2]path
			var wait sync.WaitGroup
			for part := range parts {
				each := start()
				wait.Go(func() {
					user := ""
					err := s.Scan(ctx, rowstore.Scan{Table: rowstore.Events, Between: all, ByUser: true, Part: part, Parts: len(parts), Fields: []string{"user", "name"}}, func(rows []rowstore.Row) error {
						each.take(rows, func(i int) bool {
							if rows[i].User == user {
								return false
							}
							user = strings.Clone(rows[i].User)
							return true
						})
						return nil
					})
					assert.NoError(b, err)
				})
				parts[part] = each
			}
			wait.Wait()
			return parts[0].answer(parts[1])
		}
	}
	in := func(x rowstore.Between) string {
		return fmt.Sprintf("time >= fromUnixTimestamp64Micro(%d) AND time < fromUnixTimestamp64Micro(%d)", x.From, x.To)
	}
	hi, lo := trace.Halves()
	id := fmt.Sprintf("trace_hi = %d AND trace_lo = %d", hi, lo)
	hint := rowstore.Between{From: peerStart + 10*peerDay - 3_600_000_000/2, To: peerStart + 10*peerDay + 3_600_000_000/2}
	// Whole rows, as ours hands them over: inside of a count they would not be read.
	limit := func(where string) string {
		return "SELECT * FROM t WHERE " + where + " ORDER BY time DESC LIMIT 100"
	}
	retention := perUser(retentionOf)
	return []peerQuery{
		{"substring-day-latest", find(rowstore.Find{Table: rowstore.Events, Between: day, Where: timeout}), limit("body ILIKE '%timeout%' AND " + in(day)), 0},
		{"substring-count", count(rowstore.Count{Table: rowstore.Events, Between: all, Where: timeout}, sum), "SELECT count() FROM t WHERE body ILIKE '%timeout%'", 0},
		{"latest-service", find(rowstore.Find{Table: rowstore.Events, Between: all, Where: rowstore.Is("service", "service-7")}), limit("service = 'service-7'"), 0},
		{"per-hour-level", count(rowstore.Count{Table: rowstore.Events, Between: all, Step: time.Hour, By: []string{"level"}}, groups), "SELECT count() FROM (SELECT toStartOfHour(time) AS h, intDiv(severity - 1, 4) AS l, sum(weight) FROM t GROUP BY h, l)", 0},
		{"p95-5min-service", count(rowstore.Count{Table: rowstore.Events, Between: all, Step: 5 * time.Minute, Where: rowstore.Is("service", "service-7"), Of: []rowstore.Aggregate{{Kind: "quantile", Field: "duration", Q: 0.95}}}, groups),
			"SELECT count() FROM (SELECT toStartOfFiveMinutes(time) AS h, quantile(0.95)(duration) FROM t WHERE service = 'service-7' GROUP BY h)", 0},
		{"attribute-filter", count(rowstore.Count{Table: rowstore.Events, Between: all, Where: rowstore.Is("http.response.status_code", "503"), By: []string{"server.address"}}, sum),
			"SELECT sum(c) FROM (SELECT attrs['server.address'] AS a, sum(weight) AS c FROM t WHERE attrs['http.response.status_code'] = '503' GROUP BY a)", 0},
		{"trace", find(rowstore.Find{Table: rowstore.Events, Between: all, Where: rowstore.Is("trace_id", trace.String())}), limit(id), 0},
		{"trace-hint", find(rowstore.Find{Table: rowstore.Events, Between: hint, Where: rowstore.Is("trace_id", trace.String())}), limit(id + " AND " + in(hint)), 0},
		{"retention-join", retention, "SELECT count() FROM (SELECT f, d, uniqExact(user_id) FROM (SELECT DISTINCT user_id, toDate(time) AS d FROM t) AS a JOIN (SELECT user_id, min(toDate(time)) AS f FROM t GROUP BY user_id) AS m USING (user_id) GROUP BY f, d)", 0},
		{"retention-array", retention, "SELECT count() FROM (SELECT days[1] AS f, d, count() FROM (SELECT arraySort(groupUniqArray(toDate(time))) AS days FROM t GROUP BY user_id) ARRAY JOIN days AS d GROUP BY f, d)", 0},
		{"funnel", perUser(funnelOf), "SELECT sum(l >= 3) FROM (SELECT windowFunnel(86400)(toDateTime(time), name = 'view', name = 'sign', name = 'pay') AS l FROM t GROUP BY user_id)", 0.05},
		{"sessions", perUser(sessionsOf), "SELECT sum(fresh) FROM (SELECT time - lagInFrame(time, 1, toDateTime64(0, 6)) OVER (PARTITION BY user_id ORDER BY time) > 1800 AS fresh FROM t)", 0.001},
		{"adoption", count(rowstore.Count{Table: rowstore.Events, Between: all, Step: 24 * time.Hour, By: []string{"release"}, Of: []rowstore.Aggregate{{Kind: "unique", Field: "user"}}}, sum),
			"SELECT sum(u) FROM (SELECT toDate(time) AS d, release, uniqExact(user_id) AS u FROM t GROUP BY d, release)", 0},
		{"daily-actives", count(rowstore.Count{Table: rowstore.Events, Between: all, Step: 24 * time.Hour, Of: []rowstore.Aggregate{{Kind: "unique", Field: "user"}}}, sum),
			"SELECT sum(u) FROM (SELECT toDate(time) AS d, uniq(user_id) AS u FROM t GROUP BY d)", 0.03},
	}
}

// retention counts pairs of a person's first day and another of theirs.
type retention struct {
	seen        map[[2]int64]bool
	first, last int64
}

func retentionOf() path { return &retention{seen: map[[2]int64]bool{}} }

func (p *retention) take(rows []rowstore.Row, fresh func(int) bool) {
	for i := range rows {
		d := rows[i].Time / peerDay
		if fresh(i) {
			p.first, p.last = d, -1
		}
		if d != p.last {
			p.last = d
			p.seen[[2]int64{p.first, d}] = true
		}
	}
}

func (p *retention) answer(other path) float64 {
	maps.Copy(p.seen, other.(*retention).seen)
	return float64(len(p.seen))
}

// funnel counts the people who went through three steps within a day.
type funnel struct {
	begun, signed int64 // when the newest run of steps so far began
	done          bool
	n             float64
}

func funnelOf() path { return &funnel{} }

func (p *funnel) take(rows []rowstore.Row, fresh func(int) bool) {
	for i := range rows {
		if fresh(i) {
			p.begun, p.signed, p.done = 0, 0, false
		}
		switch at := rows[i].Time; rows[i].Name {
		case "view":
			p.begun = at
		case "sign":
			if p.begun > 0 && at-p.begun <= peerDay {
				p.signed = p.begun
			}
		case "pay":
			if p.signed > 0 && at-p.signed <= peerDay && !p.done {
				p.done = true
				p.n++
			}
		}
	}
}

func (p *funnel) answer(other path) float64 { return p.n + other.(*funnel).n }

// sessions counts visits, which a gap of 30 minutes ends.
type sessions struct {
	last int64
	n    float64
}

func sessionsOf() path { return &sessions{} }

func (p *sessions) take(rows []rowstore.Row, fresh func(int) bool) {
	for i := range rows {
		if fresh(i) || rows[i].Time-p.last > 1_800_000_000 {
			p.n++
		}
		p.last = rows[i].Time
	}
}

func (p *sessions) answer(other path) float64 { return p.n + other.(*sessions).n }
