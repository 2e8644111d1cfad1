package duckdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// shop is where files are made: an instance of its own with one thread, because two make files that are twice as large.
// One job works in it at a time.
type shop struct {
	*instance
	conn raw.Connection
}

// openShop opens the shop.
func openShop(ctx context.Context, dir string, memory, temp int64) (_ *shop, err error) {
	in, err := openInstance(ctx, filepath.Join(dir, "shop.duckdb"), settings{threads: 1, memory: memory, temp: filepath.Join(dir, "shop"), maxTemp: temp})
	if err != nil {
		return nil, err
	}
	p := &shop{instance: in}
	if p.conn, err = in.connect(); err == nil {
		// A commit goes straight to the file instead of through a log of DuckDB's.
		err = p.run("SET checkpoint_threshold = '1KB'", "ATTACH ':memory:' AS stage", fmt.Sprintf(schema, "stage.empty"))
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *shop) close() error {
	raw.Disconnect(&p.conn)
	return p.instance.close()
}

// run executes statements.
func (p *shop) run(statements ...string) error {
	for _, q := range statements {
		if err := run(p.conn, q); err != nil {
			return err
		}
	}
	return nil
}

// numbers returns the rows of whole numbers that a query answers.
func (p *shop) numbers(q string, width int) (rows [][]int64, err error) {
	ask := &question{}
	ask.WriteString(q)
	err = askOn(p.conn, ask, func(c chunk) error {
		at := len(rows)
		for range c.n {
			rows = append(rows, make([]int64, width))
		}
		for col := range width {
			for i, v := range column[int64](c, col) {
				rows[at+i][col] = v
			}
		}
		return nil
	})
	return rows, err
}

// take copies rows of another instance into stage.rows, which it makes anew.
func (p *shop) take(from *instance, table string) error {
	if err := p.run("DROP TABLE IF EXISTS stage.rows", fmt.Sprintf(schema, "stage.rows")); err != nil {
		return err
	}
	conn, err := from.connect()
	if err != nil {
		return err
	}
	defer raw.Disconnect(&conn)
	var a raw.Appender
	defer raw.AppenderDestroy(&a)
	if raw.AppenderCreateExt(p.conn, "stage", "main", "rows", &a) == raw.StateError {
		return errors.New(raw.AppenderError(a))
	}
	q := &question{}
	q.WriteString("FROM " + table)
	if err := askOn(conn, q, func(c chunk) error {
		if raw.AppendDataChunk(a, c.data) == raw.StateError {
			return errors.New(raw.AppenderError(a))
		}
		return nil
	}); err != nil {
		return err
	}
	if raw.AppenderClose(a) == raw.StateError {
		return errors.New(raw.AppenderError(a))
	}
	return nil
}

// makeFile writes the rows of a select into a new sealed file, durable under its final name, in order if sorted says so, else
// as they come. f has the table, the day, the keys and the version; the rest is filled in. A file without rows is not kept,
// its ID is 0.
func (s *Store) makeFile(p *shop, f sealedFile, sel string, sorted bool) (sealedFile, error) {
	return s.newFile(p, f, func() error {
		if sorted {
			return p.writeSorted(sel)
		}
		return p.run("CREATE TABLE out.rows AS " + sel)
	})
}

// newFile makes a sealed file whose rows fill writes into out.rows.
func (s *Store) newFile(p *shop, f sealedFile, fill func() error) (_ sealedFile, err error) {
	f.ID = s.catalogue.id()
	path := s.liveFile(f).path
	temp := path + ".tmp"
	defer func() {
		if err != nil || f.ID == 0 {
			err = errors.Join(err, removeAll(temp, temp+".wal"))
		}
	}()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return f, err
	}
	if err := p.run("ATTACH " + quote(temp) + " AS out (STORAGE_VERSION 'v1.5.0')"); err != nil {
		return f, err
	}
	if err = fill(); err == nil {
		err = p.run("CHECKPOINT out")
	}
	var of [][]int64
	if err == nil {
		of, err = p.numbers("SELECT count(*), coalesce(min(epoch_us(time)), 0), coalesce(max(epoch_us(time)), 0) FROM out.rows", 3)
	}
	if err = errors.Join(err, p.run("DETACH out")); err != nil {
		return f, err
	}
	f.Rows, f.From, f.To = of[0][0], of[0][1], of[0][2]
	if f.Rows == 0 {
		f.ID = 0
		return f, nil
	}
	s.step("written")
	if f.Bytes, err = syncFile(temp); err != nil {
		return f, err
	}
	if err := os.Rename(temp, path); err != nil {
		return f, err
	}
	s.step("named")
	return f, syncDir(filepath.Dir(path))
}

// sortRows is how many rows are sorted at once: a million of them do not fit into the shop's memory.
const sortRows = 100_000

// writeSorted writes the rows of a select by service and time, a range after the other.
func (p *shop) writeSorted(sel string) error {
	ranges, err := p.ranges(sel)
	if err != nil {
		return err
	}
	statements := []string{"BEGIN", "CREATE TABLE out.rows AS FROM (" + sel + ") WHERE FALSE"}
	for _, r := range ranges {
		statements = append(statements, "INSERT INTO out.rows FROM ("+sel+") WHERE "+r+" ORDER BY service, time")
	}
	if err := p.run(append(statements, "COMMIT")...); err != nil {
		return errors.Join(err, run(p.conn, "ROLLBACK"))
	}
	return nil
}

// ranges returns conditions that divide the rows of a select by service and time, in this order, into about sortRows each.
func (p *shop) ranges(sel string) (out []string, err error) {
	type part struct {
		service string
		rows    int64
	}
	var parts []part
	q := &question{}
	q.WriteString("SELECT service, count(*) FROM (" + sel + ") GROUP BY ALL ORDER BY ALL")
	if err := askOn(p.conn, q, func(c chunk) error {
		rows := column[int64](c, 1)
		for i, t := range column[text](c, 0) {
			parts = append(parts, part{strings.Clone(t.String()), rows[i]})
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for i := 0; i < len(parts); {
		if n := parts[i].rows/sortRows + 1; n > 1 {
			is := "service = " + quote(parts[i].service)
			cuts, err := p.numbers(fmt.Sprintf("SELECT DISTINCT unnest(quantile_disc(epoch_us(time), list_transform(range(1, %d), lambda k: k / %d))) FROM (%s) WHERE %s ORDER BY 1", n, n, sel, is), 1)
			if err != nil {
				return nil, err
			}
			for k := 0; k <= len(cuts); k++ {
				r := is
				if k > 0 {
					r += fmt.Sprintf(" AND time >= make_timestamp(%d)", cuts[k-1][0])
				}
				if k < len(cuts) {
					r += fmt.Sprintf(" AND time < make_timestamp(%d)", cuts[k][0])
				}
				out = append(out, r)
			}
			i++
			continue
		}
		k, rows := i, int64(0)
		for k < len(parts) && parts[k].rows < sortRows && (k == i || rows+parts[k].rows <= sortRows) {
			rows += parts[k].rows
			k++
		}
		out = append(out, "service >= "+quote(parts[i].service)+" AND service <= "+quote(parts[k-1].service))
		i = k
	}
	return out, nil
}

// discard removes files that were made and did not get into the catalogue.
func (s *Store) discard(files []sealedFile) (err error) {
	for _, f := range files {
		err = errors.Join(err, removeAll(s.liveFile(f).path))
	}
	return err
}

func removeAll(paths ...string) (err error) {
	for _, p := range paths {
		if e := os.Remove(p); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

var placeholder = regexp.MustCompile(`\$\d+`)

// inline returns the text of a question with its parameters as literals, for statements that take none.
func (q *question) inline() string {
	return placeholder.ReplaceAllStringFunc(q.String(), func(p string) string {
		n, err := strconv.Atoi(p[1:])
		if err != nil || n < 1 || n > len(q.args) {
			return p
		}
		switch v := q.args[n-1].(type) {
		case string:
			return quote(v)
		case float64:
			return quote(strconv.FormatFloat(v, 'g', -1, 64)) + "::DOUBLE"
		default:
			return fmt.Sprint(v)
		}
	})
}

// condition renders an expression for a source as SQL without parameters that is TRUE or FALSE.
func (s *Store) condition(ctx context.Context, src source, e rowstore.Expr) (string, error) {
	k := &seeker{question: &question{}, source: src}
	if usesAttributes(e) {
		var err error
		if k.resources, err = s.resourceKeys(ctx, src); err != nil {
			return "", err
		}
	}
	cond, err := k.where(e, true)
	if err != nil {
		return "", err
	}
	k.WriteString("coalesce(" + cond + ", FALSE)")
	return k.inline(), nil
}

// union returns all keys of sorted lists.
func union(lists ...[]string) []string {
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}
