package promapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/stats"
	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/access"
	"github.com/signalbox/signalbox/internal/promapi"
)

// TestPromQLScripts runs the PromQL test scripts that Prometheus ships against the HTTP API over a real connection: labels,
// timestamps, floats, order, warnings and errors are judged as they come out of the JSON.
//
// JSON carries a native histogram's count, sum and non-empty buckets, but neither its schema, nor the threshold of an empty
// zero bucket, nor the bounds of empty custom buckets, nor the counter reset hint. So a histogram that comes out of the JSON
// is first compared with that of the same query run in process, in everything that JSON carries; then the script judges the
// latter. No line of the scripts is skipped.
func TestPromQLScripts(t *testing.T) {
	engine := promqltest.NewTestEngine(t, false, 0, promqltest.DefaultMaxSamplesPerQuery)
	store := &switched{}
	srv := mount(t, promapi.New(promapi.Options{
		Engine:    engine,
		Parser:    parser.NewParser(promqltest.TestParserOpts),
		Queryable: store,
	}))
	c := &client{url: srv.URL, store: store, local: engine}
	promqltest.RunBuiltinTests(t, c)
	t.Logf("%d queries over HTTP, %d native histograms compared bucket by bucket", c.queries.Load(), c.histograms.Load())
	require.Greater(t, c.queries.Load(), int64(3000))
	require.Greater(t, c.histograms.Load(), int64(500))
}

// mount serves the routes as app does.
func mount(t *testing.T, a *promapi.API) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	for _, r := range a.Routes() {
		require.Contains(t, []access.Action{access.ReadSignals, access.ReadServer}, r.Action)
		mux.Handle(r.Method+" "+r.Pattern, r.Handler)
	}
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

// switched is a queryable over the storage of the script that runs.
type switched struct {
	now atomic.Pointer[storage.SampleAndChunkQueryable]
}

func (s *switched) Querier(mint, maxt int64) (storage.Querier, error) {
	return (*s.now.Load()).Querier(mint, maxt)
}

func (s *switched) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	return (*s.now.Load()).ChunkQuerier(mint, maxt)
}

// client is a query engine that asks over HTTP.
type client struct {
	url        string
	store      *switched
	local      promql.QueryEngine
	queries    atomic.Int64
	histograms atomic.Int64
}

func seconds(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', 3, 64) }

func (c *client) NewInstantQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, qs string, ts time.Time) (promql.Query, error) {
	local, err := c.local.NewInstantQuery(ctx, q, opts, qs, ts)
	return c.query(q, local, err, "/api/v1/query", url.Values{"query": {qs}, "time": {seconds(ts)}})
}

func (c *client) NewRangeQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, qs string, start, end time.Time, step time.Duration) (promql.Query, error) {
	local, err := c.local.NewRangeQuery(ctx, q, opts, qs, start, end, step)
	form := url.Values{"query": {qs}, "start": {seconds(start)}, "end": {seconds(end)}, "step": {strconv.FormatFloat(step.Seconds(), 'f', -1, 64)}}
	return c.query(q, local, err, "/api/v1/query_range", form)
}

func (c *client) query(q storage.Queryable, local promql.Query, err error, path string, form url.Values) (promql.Query, error) {
	sq := q.(storage.SampleAndChunkQueryable)
	c.store.now.Store(&sq)
	if err != nil {
		// What does not parse must not parse over HTTP either, for the same reason.
		return nil, c.sameRefusal(err, path, form)
	}
	return &remoteQuery{client: c, local: local, path: path, form: form}, nil
}

type answer struct {
	Status    string
	ErrorType string
	Error     string
	Warnings  []string
	Infos     []string
	Data      struct {
		ResultType parser.ValueType
		Result     json.RawMessage
	}
}

func (c *client) post(path string, form url.Values) (int, answer, error) {
	c.queries.Add(1)
	resp, err := http.PostForm(c.url+path, form)
	if err != nil {
		return 0, answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, answer{}, err
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return 0, answer{}, fmt.Errorf("%w in %s", err, body)
	}
	return resp.StatusCode, a, nil
}

func (c *client) sameRefusal(local error, path string, form url.Values) error {
	code, a, err := c.post(path, form)
	switch {
	case err != nil:
		return err
	case code != http.StatusBadRequest || a.ErrorType != "bad_data":
		return fmt.Errorf("in process %q is refused (%w); over HTTP: %d %+v", form.Get("query"), local, code, a)
	}
	return errors.New(strings.TrimPrefix(a.Error, `invalid parameter "query": `))
}

type remoteQuery struct {
	client *client
	local  promql.Query
	path   string
	form   url.Values
}

func (q *remoteQuery) Close()                      { q.local.Close() }
func (q *remoteQuery) Statement() parser.Statement { return q.local.Statement() }
func (q *remoteQuery) Stats() *stats.Statistics    { return q.local.Stats() }
func (q *remoteQuery) Cancel()                     { q.local.Cancel() }
func (q *remoteQuery) String() string              { return q.local.String() }

// annotation is a warning or an info as it came over HTTP.
type annotation struct {
	text string
	kind error
}

func (a annotation) Error() string { return a.text }
func (a annotation) Unwrap() error { return a.kind }

func (q *remoteQuery) Exec(ctx context.Context) *promql.Result {
	local := q.local.Exec(ctx)
	code, a, err := q.client.post(q.path, q.form)
	res := &promql.Result{Warnings: annotations.New().Merge(nil)}
	switch {
	case err != nil:
		res.Err = err
		return res
	case a.Status == "error":
		if code != http.StatusUnprocessableEntity || a.ErrorType != "execution" {
			res.Err = fmt.Errorf("answered %d %s: %s", code, a.ErrorType, a.Error)
			return res
		}
		res.Err = errors.New(a.Error)
		return res
	case local.Err != nil:
		res.Err = fmt.Errorf("in process the query fails (%w), over HTTP it does not", local.Err)
		return res
	}
	for _, w := range a.Warnings {
		res.Warnings.Add(annotation{w, annotations.PromQLWarning})
	}
	for _, i := range a.Infos {
		res.Warnings.Add(annotation{i, annotations.PromQLInfo})
	}
	res.Value, res.Err = q.client.value(a.Data.ResultType, a.Data.Result, local.Value)
	return res
}

type point struct {
	T int64
	F float64
	S string
	H *jsonHistogram
}

type jsonHistogram struct {
	Count, Sum string
	Buckets    [][4]any
}

// UnmarshalJSON reads [seconds, "value"] and [seconds, {histogram}].
func (p *point) UnmarshalJSON(b []byte) error {
	var pair [2]json.RawMessage
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	t, err := strconv.ParseFloat(string(pair[0]), 64)
	if err != nil {
		return err
	}
	p.T = int64(math.Round(t * 1000))
	if pair[1][0] == '{' {
		p.H = &jsonHistogram{}
		return json.Unmarshal(pair[1], p.H)
	}
	return json.Unmarshal(pair[1], &p.S)
}

func (p *point) float() (err error) {
	p.F, err = strconv.ParseFloat(p.S, 64)
	return err
}

type series struct {
	Metric     map[string]string
	Value      *point
	Histogram  *point
	Values     []point
	Histograms []point
}

func (c *client) value(typ parser.ValueType, raw json.RawMessage, local parser.Value) (parser.Value, error) {
	if typ != local.Type() {
		return nil, fmt.Errorf("answered a %s, in process it is a %s", typ, local.Type())
	}
	switch typ {
	case parser.ValueTypeScalar, parser.ValueTypeString:
		var p point
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, err
		}
		if typ == parser.ValueTypeString {
			return promql.String{T: p.T, V: p.S}, nil
		}
		err := p.float()
		return promql.Scalar{T: p.T, V: p.F}, err
	}
	var list []series
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, err
	}
	if typ == parser.ValueTypeVector {
		vec := local.(promql.Vector)
		if len(vec) != len(list) {
			return nil, fmt.Errorf("answered %d elements, in process there are %d", len(list), len(vec))
		}
		out := promql.Vector{}
		for i, s := range list {
			e := promql.Sample{Metric: labels.FromMap(s.Metric)}
			if s.Histogram != nil {
				if err := c.same(s.Histogram, vec[i].H); err != nil {
					return nil, fmt.Errorf("%s: %w", e.Metric, err)
				}
				e.T, e.H = s.Histogram.T, vec[i].H
			} else if err := s.Value.float(); err != nil {
				return nil, err
			} else {
				e.T, e.F = s.Value.T, s.Value.F
			}
			out = append(out, e)
		}
		return out, nil
	}
	mat := local.(promql.Matrix)
	if len(mat) != len(list) {
		return nil, fmt.Errorf("answered %d series, in process there are %d", len(list), len(mat))
	}
	out := promql.Matrix{}
	for i, s := range list {
		e := promql.Series{Metric: labels.FromMap(s.Metric)}
		for _, p := range s.Values {
			if err := p.float(); err != nil {
				return nil, err
			}
			e.Floats = append(e.Floats, promql.FPoint{T: p.T, F: p.F})
		}
		if len(s.Histograms) != len(mat[i].Histograms) {
			return nil, fmt.Errorf("%s: answered %d histograms, in process there are %d", e.Metric, len(s.Histograms), len(mat[i].Histograms))
		}
		for j, p := range s.Histograms {
			if err := c.same(&p, mat[i].Histograms[j].H); err != nil {
				return nil, fmt.Errorf("%s: %w", e.Metric, err)
			}
			e.Histograms = append(e.Histograms, promql.HPoint{T: p.T, H: mat[i].Histograms[j].H})
		}
		out = append(out, e)
	}
	return out, nil
}

// same compares a histogram of an answer with the one in process, in all that JSON carries.
func (c *client) same(p *point, h *histogram.FloatHistogram) error {
	c.histograms.Add(1)
	if h == nil {
		return errors.New("answered a histogram, in process it is a float")
	}
	equal := func(s any, f float64) bool {
		v, err := strconv.ParseFloat(s.(string), 64)
		return err == nil && (v == f || math.IsNaN(v) && math.IsNaN(f))
	}
	if !equal(p.H.Count, h.Count) || !equal(p.H.Sum, h.Sum) {
		return fmt.Errorf("answered count %s and sum %s, in process %v and %v", p.H.Count, p.H.Sum, h.Count, h.Sum)
	}
	rest := p.H.Buckets
	for it := h.AllBucketIterator(); it.Next(); {
		b := it.At()
		if b.Count == 0 {
			continue
		}
		if len(rest) == 0 {
			return fmt.Errorf("the answer lacks the bucket %s", b)
		}
		bounds := map[[2]bool]float64{{false, true}: 0, {true, false}: 1, {false, false}: 2, {true, true}: 3}[[2]bool{b.LowerInclusive, b.UpperInclusive}]
		if got := rest[0]; got[0] != bounds || !equal(got[1], b.Lower) || !equal(got[2], b.Upper) || !equal(got[3], b.Count) {
			return fmt.Errorf("answered the bucket %v, in process it is %s", got, b)
		}
		rest = rest[1:]
	}
	if len(rest) > 0 {
		return fmt.Errorf("answered buckets that are not there in process: %v", rest)
	}
	return nil
}
