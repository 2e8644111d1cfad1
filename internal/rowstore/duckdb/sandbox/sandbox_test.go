package sandbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"database/sql"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
	"github.com/signalbox/signalbox/internal/rowstore/duckdb/sandbox"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "internal-sql" {
		os.Exit(sandbox.Child(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

// shelf lends one DuckDB file and one extract of logs.
type shelf struct{ sealed, extract string }

func (s shelf) Lend(_ context.Context, t rowstore.Table, _ rowstore.Between, _ string) ([]sandbox.File, func(), error) {
	if t != rowstore.Logs {
		return nil, func() {}, nil
	}
	return []sandbox.File{{Path: s.sealed, Promoted: map[string]string{"http.method": `"a_1"`}}, {Path: s.extract, Parquet: true}}, func() {}, nil
}

func open(t *testing.T) (*sandbox.Sandbox, string) {
	dir := t.TempDir()
	s := shelf{filepath.Join(dir, "sealed.duckdb"), filepath.Join(dir, "it's.parquet")}
	schema, err := os.ReadFile("../schema.sql")
	require.NoError(t, err)
	db, err := sql.Open("duckdb", s.sealed)
	require.NoError(t, err)
	const row = `SELECT make_timestamp(1790000000000000 + i * 1000000) AS time, make_timestamp(0) AS received, 1::UBIGINT AS trace_hi, i::UBIGINT AS trace_lo, 7::UBIGINT AS span, 0::UBIGINT AS parent,
		'intake' AS service, '' AS env, '' AS agency, '' AS version, '' AS release, 's' AS source, '' AS trust, 'p-' || i AS user_id, '' AS session_id, '' AS business_id,
		'n' AS name, '' AS route, 2::UTINYINT AS kind, 17::UTINYINT AS severity, 2::UTINYINT AS status, 1500000000::BIGINT AS duration, 0.5::DOUBLE AS value, '' AS error_type,
		'body ' || i AS body, '' AS detail, 1::FLOAT AS weight, MAP {'k': 'v'} AS attrs, '' AS resource`
	for _, q := range []string{
		fmt.Sprintf(string(schema), "rows"), `ALTER TABLE rows ADD COLUMN "a_1" VARCHAR`,
		"INSERT INTO rows BY NAME " + row + ", CASE WHEN i % 2 = 0 THEN 'GET' END AS a_1 FROM range(100) r(i)",
		"COPY (" + row + " FROM range(100, 110) r(i)) TO '" + strings.ReplaceAll(s.extract, "'", "''") + "' (FORMAT parquet)",
	} {
		_, err := db.Exec(q)
		require.NoError(t, err, q)
	}
	require.NoError(t, db.Close())
	return sandbox.New(sandbox.Options{Store: s, Command: []string{os.Args[0], "internal-sql"}, Dir: dir}), dir
}

func TestRowsAreSeenAsPeopleNameThem(t *testing.T) {
	s, _ := open(t)
	run := func(q string) string {
		r, err := s.Run(t.Context(), sandbox.Query{SQL: q, MaxRows: 3})
		require.NoError(t, err, q)
		text, err := json.Marshal(r)
		require.NoError(t, err)
		return string(text)
	}
	require.Equal(t, `{"Columns":["count_star()"],"Types":["BIGINT"],"Rows":[[110]],"Cut":false}`, run("SELECT count(*) FROM logs"))
	require.Equal(t, `{"Columns":["time","trace_id","span_id","parent_id","level","kind","status","duration","m"],"Types":["TIMESTAMP","VARCHAR","VARCHAR","VARCHAR","VARCHAR","VARCHAR","VARCHAR","DOUBLE","VARCHAR"],`+
		`"Rows":[["2026-09-21T14:13:20Z","00000000000000010000000000000000","0000000000000007","","error","server","error",1.5,"GET"]],"Cut":false}`,
		run("SELECT time, trace_id, span_id, parent_id, level, kind, status, duration, attrs['http.method'] AS m FROM logs ORDER BY time LIMIT 1"))
	require.Contains(t, run("SELECT attrs, user_id FROM logs WHERE body IN ('body 2', 'body 3') ORDER BY time"), `"Rows":[[{"http.method":"GET","k":"v"},"p-2"],[{"k":"v"},"p-3"]]`)
	require.Contains(t, run("WITH a AS (SELECT user_id FROM logs) SELECT count(DISTINCT user_id) FROM a"), `[[110]]`)
	require.Contains(t, run("SELECT count(*) FROM spans JOIN events USING (trace_id)"), `[[0]]`)
	require.Contains(t, run("SELECT * FROM range(10)"), `"Rows":[[0],[1],[2]],"Cut":true`)
	require.Contains(t, run("SELECT 'nan'::DOUBLE, 123456789012345678901::HUGEINT, [1, 2], {'a': DATE '2026-01-01'}, 1.5::DECIMAL(5, 2), NULL"),
		`[["NaN","123456789012345678901",[1,2],{"a":"2026-01-01T00:00:00Z"},1.5,null]]`)
	r, err := s.Run(t.Context(), sandbox.Query{SQL: "SELECT count(*) FROM logs", From: time.UnixMicro(1_790_000_010_000_000), To: time.UnixMicro(1_790_000_105_000_000)})
	require.NoError(t, err)
	require.Equal(t, json.Number("95"), r.Rows[0][0], "From is inclusive, To exclusive, in both files")
}

func TestOnlyHarmlessSQLIsRun(t *testing.T) {
	require.NoError(t, sandbox.Check(`WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5), m AS (SELECT * FROM n)
		SELECT service, count(*) FILTER (level = 'error') / count(*) AS share, quantile_cont(duration, 0.95), row_number() OVER (ORDER BY service),
		CASE WHEN attrs['k'] LIKE 'a%' THEN 1 ELSE 2 END, list_transform([1], lambda x: x + 1), time_bucket(INTERVAL 5 MINUTE, time), sum(duration) OVER w
		FROM Logs l JOIN (VALUES (1)) v(x) ON true LEFT JOIN spans s ON s.trace_id = l.trace_id, m WHERE time > now() - INTERVAL 1 DAY AND l.body ILIKE '%x%' AND NOT EXISTS (SELECT 1 FROM events)
		GROUP BY ALL HAVING count(*) > 1 WINDOW w AS (PARTITION BY service) ORDER BY 2 DESC LIMIT 10`))
	for text, want := range map[string]string{
		"":                            "want one SELECT",
		"SELECT 1; SELECT 2":          "want one SELECT, not 2 statements",
		"DROP TABLE logs; SELECT 1":   "want a SELECT",
		"SELEC 1":                     "syntax error",
		"INSERT INTO logs VALUES (1)": "want a SELECT",
		"DETACH f1":                   "want a SELECT",
		"ATTACH ':memory:' AS x":      "want a SELECT",
		"COPY logs TO '/tmp/x'":       "want a SELECT",
		"PRAGMA database_list":        "",
		"CHECKPOINT":                  "want a SELECT",
		"SET threads = 8":             "want a SELECT",
		"CREATE MACRO sum(x) AS 1":    "want a SELECT",
		"SHOW TABLES":                 "show ref is not to be used",
		"DESCRIBE logs":               "show ref is not to be used",
		"SELECT * FROM enable_logging(storage='file', storage_path='/tmp/x')":             `"enable_logging"`,
		"SELECT * FROM '/etc/passwd'":                                                     `no table "/etc/passwd"`,
		"SELECT * FROM read_csv('/etc/passwd')":                                           `"read_csv"`,
		"SELECT * FROM read_text('/etc/passwd')":                                          `"read_text"`,
		"SELECT * FROM glob('/*')":                                                        `"glob"`,
		"SELECT * FROM query('SELECT 1')":                                                 `"query"`,
		"SELECT * FROM query_table('logs')":                                               `"query_table"`,
		"SELECT * FROM duckdb_databases()":                                                `"duckdb_databases"`,
		"SELECT * FROM duckdb_databases":                                                  `no table "duckdb_databases"`,
		"WITH duckdb_tables AS (SELECT * FROM duckdb_tables) SELECT * FROM duckdb_tables": `no table "duckdb_tables"`,
		"SELECT (WITH pg_class AS (SELECT 1) SELECT 1), * FROM pg_class":                  `no table "pg_class"`,
		"SELECT * FROM f1.rows":                                                           `no table "f1.rows"`,
		"SELECT * FROM main.logs":                                                         `no table "main.logs"`,
		"SELECT * FROM information_schema.tables":                                         `no table`,
		"SELECT getenv('HOME')":                                                           `"getenv"`,
		"SELECT current_setting('temp_directory')":                                        `"current_setting"`,
		"SELECT getvariable('x')":                                                         `"getvariable"`,
		"SELECT nextval('x')":                                                             `"nextval"`,
		"SELECT sleep_ms(100)":                                                            `"sleep_ms"`,
		"SELECT write_log('x')":                                                           `"write_log"`,
		"SELECT system.main.getenv('HOME')":                                               `getenv`,
		"SELECT json_execute_serialized_sql('x')":                                         `"json_execute_serialized_sql"`,
		"SELECT $1": "parameter",
		"SELECT list_transform([1], x -> getenv('A'))":                        `"getenv"`,
		"SELECT 1 ORDER BY getenv('A')":                                       `"getenv"`,
		"SELECT count(*) FILTER (getenv('A') = '') FROM logs":                 `"getenv"`,
		"SELECT 1 LIMIT (SELECT count(*) FROM read_text('/etc/passwd'))":      `"read_text"`,
		"SELECT sum(1) OVER (ORDER BY getenv('A')) FROM logs":                 `"getenv"`,
		"SELECT * REPLACE (getenv('A') AS body) FROM logs":                    `"getenv"`,
		"SELECT COLUMNS(c -> getenv('A') = c) FROM logs":                      `"getenv"`,
		"SELECT * FROM logs UNION SELECT * FROM read_text('x')":               `"read_text"`,
		"SELECT * FROM unnest([getenv('A')])":                                 `"getenv"`,
		"SELECT " + strings.Repeat("(", 200) + "1" + strings.Repeat(")", 200): "brackets",
		"SELECT '" + strings.Repeat("x", 40_000) + "'":                        "bytes",
		"SELECT 'a\x00b'": "NUL",
	} {
		err := sandbox.Check(text)
		require.ErrorContains(t, err, want, text)
		require.Contains(t, []fault.Kind{fault.Invalid, fault.TooLarge}, fault.KindOf(err), text)
	}
}

// What is nested deep without brackets breaks a parser or keeps it busy; it does so to the child only.
func TestDeepTextEndsInTime(t *testing.T) {
	s, _ := open(t)
	for _, part := range []string{"NOT ", "- ", "1 + ", "a.", "CASE WHEN 1 THEN ", "1 UNION SELECT ", "1 FROM a JOIN "} {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		err := s.Check(ctx, "SELECT "+strings.Repeat(part, 30_000/len(part))+"1")
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.KindOf(err), "%s: %v", part, err)
		}
		cancel()
	}
	require.NoError(t, s.Check(t.Context(), "SELECT 1"))
}

func TestTheParentStaysWell(t *testing.T) {
	s, dir := open(t)
	before := files(t, dir)
	for name, c := range map[string]struct {
		query sandbox.Query
		want  fault.Kind
	}{
		"a list of 300 million":      {sandbox.Query{SQL: "SELECT len(generate_series(1, 300000000))", MemoryBytes: 128 << 20}, fault.TooLarge},
		"a list of 3 billion":        {sandbox.Query{SQL: "SELECT len(generate_series(1, 3000000000))", MemoryBytes: 128 << 20}, fault.TooLarge},
		"a text of gigabytes":        {sandbox.Query{SQL: "SELECT length(repeat(repeat('x', 100000), 30000))", MemoryBytes: 128 << 20}, fault.TooLarge},
		"a function without an end":  {sandbox.Query{SQL: "SELECT levenshtein(repeat('ab', 60000), repeat('ba', 60000))", Timeout: time.Second}, fault.TooLarge},
		"a query without an end":     {sandbox.Query{SQL: "SELECT count(*) FROM range(1000000000000) a(i) WHERE sqrt(i) = -1", Timeout: time.Second}, fault.TooLarge},
		"a recursion without an end": {sandbox.Query{SQL: "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i FROM n) SELECT count(*) FROM n", Timeout: time.Second, MemoryBytes: 128 << 20}, fault.TooLarge},
		"a group for every row":      {sandbox.Query{SQL: "SELECT i, list(i) FROM range(100000000) r(i) GROUP BY i", MemoryBytes: 96 << 20, Timeout: 20 * time.Second}, fault.TooLarge},
		"an answer without an end":   {sandbox.Query{SQL: "SELECT repeat('x', 1000000) FROM range(1000)", MaxRows: 1_000_000}, fault.TooLarge},
		"an error of its own":        {sandbox.Query{SQL: "SELECT error('no')"}, fault.Invalid},
		"a column that is not there": {sandbox.Query{SQL: "SELECT nothing FROM logs"}, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			at := time.Now()
			_, err := s.Run(t.Context(), c.query)
			require.Equal(t, c.want, fault.KindOf(err), "%v", err)
			require.Less(t, time.Since(at), 2*time.Minute)
		})
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	require.Less(t, m.Sys, uint64(400<<20), "what the child took is not ours")
	require.Equal(t, before, files(t, dir), "extracts are removed, nothing was written")
	r, err := s.Run(t.Context(), sandbox.Query{SQL: "SELECT count(*) FROM logs"})
	require.NoError(t, err)
	require.Equal(t, json.Number("110"), r.Rows[0][0])
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	_, err = s.Run(ctx, sandbox.Query{SQL: "SELECT count(*) FROM range(1000000000000) a(i) WHERE sqrt(i) = -1"})
	require.ErrorIs(t, err, context.Canceled)
}

func files(t *testing.T, dir string) (names []string) {
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		names = append(names, path)
		return err
	}))
	return names
}
