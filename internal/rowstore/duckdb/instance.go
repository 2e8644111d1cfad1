package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	driver "github.com/duckdb/duckdb-go/v2"
	raw "github.com/duckdb/duckdb-go/v2/mapping"
)

// instance is one DuckDB database instance: memory limit, threads and temporary files belong to it. Its own database is an
// empty file, because only instances with a file can be shared by database/sql and the raw interface; what it works with is
// attached.
type instance struct {
	sql  *sql.DB
	db   raw.Database
	path string
}

// settings of an instance. Extensions are neither looked for nor loaded.
type settings struct {
	threads int
	memory  int64  // bytes
	temp    string // directory of temporary files; empty: none are made
	maxTemp int64  // bytes
}

// openInstance opens an instance whose own file, always made anew, is path.
func openInstance(ctx context.Context, path string, set settings) (_ *instance, err error) {
	for _, p := range []string{path, path + ".wal"} {
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	in := &instance{path: path}
	connector, err := driver.NewConnector(path, nil)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	in.sql = sql.OpenDB(connector)
	defer func() {
		if err != nil {
			err = errors.Join(err, in.close())
		}
	}()
	var config raw.Config
	if raw.CreateConfig(&config) == raw.StateError {
		return nil, errors.New("make a configuration of DuckDB")
	}
	defer raw.DestroyConfig(&config)
	raw.SetConfig(config, "duckdb_api", "go") // as the driver has it: else the instance is not shared
	var message string
	if raw.GetOrCreateFromCache(driver.GetInstanceCache(), path, &in.db, config, &message) == raw.StateError {
		return nil, fmt.Errorf("open %s: %s", path, message)
	}
	for _, s := range []string{
		fmt.Sprintf("SET threads = %d", set.threads),
		fmt.Sprintf("SET memory_limit = '%dB'", set.memory),
		"SET temp_directory = " + quote(set.temp),
		fmt.Sprintf("SET max_temp_directory_size = '%dB'", set.maxTemp),
		"SET autoinstall_known_extensions = false",
		"SET autoload_known_extensions = false",
		"SET TimeZone = 'UTC'",
	} {
		if set.temp == "" && strings.Contains(s, "max_temp") {
			continue
		}
		if _, err := in.sql.ExecContext(ctx, s); err != nil {
			return nil, fmt.Errorf("%s: %w", s, err)
		}
	}
	return in, nil
}

func (in *instance) exec(ctx context.Context, q string) error {
	_, err := in.sql.ExecContext(ctx, q)
	return err
}

// connect returns a raw connection, which disconnect gives back.
func (in *instance) connect() (raw.Connection, error) {
	var c raw.Connection
	if raw.Connect(in.db, &c) == raw.StateError {
		return c, fmt.Errorf("connect to %s", filepath.Base(in.path))
	}
	return c, nil
}

// close closes the instance and removes its file.
func (in *instance) close() error {
	err := in.sql.Close()
	raw.Close(&in.db)
	for _, p := range []string{in.path, in.path + ".wal"} {
		if e := os.Remove(p); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// quote returns s as a string of SQL. A statement ends at a NUL, so that is spelled out.
func quote(s string) string {
	q := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if strings.ContainsRune(s, 0) {
		return "(" + strings.ReplaceAll(q, "\x00", "' || chr(0) || '") + ")"
	}
	return q
}

// run executes a statement on a raw connection.
func run(c raw.Connection, q string) error {
	var res raw.Result
	defer raw.DestroyResult(&res)
	if raw.Query(c, q, &res) == raw.StateError {
		return fmt.Errorf("%s: %s", q, raw.ResultError(&res))
	}
	return nil
}
