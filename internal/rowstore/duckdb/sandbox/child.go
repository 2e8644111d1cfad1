package sandbox

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"strings"
	"time"

	duckdb "github.com/duckdb/duckdb-go/v2"
)

// job is what the child is told: first the SQL, which it checks, then the SQL with the files, which it runs.
type job struct {
	SQL      string
	MaxRows  int
	Memory   int64
	Seconds  int   // of CPU
	From, To int64 // Unix microseconds
	Tables   map[string][]File
}

// reply is what it answers.
type reply struct {
	Result
	Tables []string // that the SQL reads
	Error  string
	Memory bool // the error is that memory was short
}

// Child is the whole of the child process: it reads jobs from in, answers on out, and returns the exit code. It ends at once
// when in is closed, because then nobody waits.
func Child(in io.Reader, out io.Writer) int {
	jobs := make(chan job)
	go func() {
		d := json.NewDecoder(in)
		for {
			var j job
			if d.Decode(&j) != nil {
				os.Exit(3)
			}
			jobs <- j
		}
	}()
	answers := json.NewEncoder(out)
	first := <-jobs
	answer := reply{}
	err := limit(first)
	if err == nil {
		answer.Tables, err = check(context.Background(), first.SQL)
	}
	answer.fail(err)
	if answers.Encode(answer) != nil || err != nil {
		return 0
	}
	second := <-jobs
	second.SQL = first.SQL // what was checked is what is run
	answer = reply{}
	answer.Result, err = second.run(context.Background())
	answer.fail(err)
	_ = answers.Encode(answer) // nobody is left to hear of it
	return 0
}

func (r *reply) fail(err error) {
	if err != nil {
		r.Error = strings.TrimPrefix(err.Error(), "sql: ")
		r.Memory = strings.Contains(r.Error, "Out of Memory") || strings.Contains(r.Error, "bad_alloc") || strings.Contains(r.Error, "bad allocation")
	}
}

func (j job) run(ctx context.Context) (Result, error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return Result{}, err
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return Result{}, err
	}
	defer conn.Close()
	for _, s := range j.prepare() {
		if _, err := conn.ExecContext(ctx, s); err != nil {
			return Result{}, fmt.Errorf("the rows cannot be opened: %w", err)
		}
	}
	rows, err := conn.QueryContext(ctx, j.SQL)
	if err != nil {
		return Result{}, err
	}
	defer rows.Close()
	return read(rows, j.MaxRows)
}

// prepare returns the statements that open the files, make the tables and lock the door behind them.
func (j job) prepare() []string {
	out := []string{
		"SET threads = 1",
		fmt.Sprintf("SET memory_limit = '%dB'", j.Memory*3/4),
		"SET temp_directory = ''",
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		"SET TimeZone = 'UTC'",
		"SET max_expression_depth = 250",
		empty,
	}
	var extracts []string
	n := 0
	for _, name := range Tables() {
		var parts []string
		for _, f := range j.Tables[name] {
			from := "read_parquet(" + quote(f.Path) + ")"
			if f.Parquet {
				extracts = append(extracts, quote(f.Path))
			} else {
				n++
				out = append(out, fmt.Sprintf("ATTACH %s AS f%d (READ_ONLY)", quote(f.Path), n))
				from = fmt.Sprintf("f%d.rows", n)
			}
			parts = append(parts, fmt.Sprintf("SELECT %s FROM %s WHERE time >= make_timestamp(%d) AND time < make_timestamp(%d)", columns(f.Promoted), from, j.From, j.To))
		}
		if len(parts) == 0 {
			parts = []string{"SELECT " + columns(nil) + " FROM nothing"}
		}
		out = append(out, "CREATE VIEW "+name+" AS "+strings.Join(parts, " UNION ALL "))
	}
	return append(out, "SET allowed_paths = ["+strings.Join(extracts, ", ")+"]", "SET enable_external_access = false", "SET lock_configuration = true")
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func read(rows *sql.Rows, limit int) (Result, error) {
	var out Result
	types, err := rows.ColumnTypes()
	if err != nil {
		return out, err
	}
	for _, t := range types {
		out.Columns = append(out.Columns, t.Name())
		out.Types = append(out.Types, t.DatabaseTypeName())
	}
	for rows.Next() {
		if len(out.Rows) == limit {
			out.Cut = true
			return out, nil
		}
		row := make([]any, len(types))
		at := make([]any, len(types))
		for i := range row {
			at[i] = &row[i]
		}
		if err := rows.Scan(at...); err != nil {
			return out, err
		}
		for i := range row {
			row[i] = plain(row[i])
		}
		out.Rows = append(out.Rows, row)
	}
	return out, rows.Err()
}

// plain returns a value as JSON has it. Numbers that are none, and numbers beyond what JSON's readers keep, become text.
func plain(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v)
		}
	case float32:
		return plain(float64(v))
	case *big.Int:
		if v.IsInt64() {
			return v.Int64()
		}
		return v.String()
	case duckdb.Decimal:
		return v.Float64()
	case duckdb.OrderedMap:
		m := map[string]any{}
		for i, k := range v.Keys() {
			m[fmt.Sprint(k)] = plain(v.Values()[i])
		}
		return m
	case map[string]any:
		for k, x := range v {
			v[k] = plain(x)
		}
	case []any:
		for i, x := range v {
			v[i] = plain(x)
		}
	case bool, string, []byte, nil, int, int8, int16, int32, int64, uint8, uint16, uint32, uint64:
	case driver.Valuer:
		if x, err := v.Value(); err == nil {
			return plain(x)
		}
		return nil
	default:
		return fmt.Sprint(v)
	}
	return v
}
