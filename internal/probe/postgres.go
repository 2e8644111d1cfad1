package probe

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/prometheus/common/model"

	"github.com/signalbox/signalbox/internal/statestore"
)

//go:embed postgres.sql
var postgresSQL string

// Postgres watches a PostgreSQL server: connections by state, locks and who waits for them, replication, transactions, deadlocks,
// sizes and slow queries, under the names of postgres_exporter where it has them. The role needs pg_monitor. Texts of queries are
// never read.
type Postgres struct {
	Secret string         `yaml:"dsn_secret"`     // the name, in secrets, of how to connect: postgres://user:password@host/database
	Slow   model.Duration `yaml:"slow,omitempty"` // from when on a running query counts as slow; default 5s
}

func (p *Postgres) validate(c *Config) error {
	if p.Secret == "" {
		return c.bad("postgres wants dsn_secret: the name of an entry of secrets that holds postgres://user:password@host/database")
	}
	if p.Slow < 0 {
		return c.bad("postgres.slow must not be negative")
	}
	return nil
}

// postgres returns what asks a server. Each round has a connection of its own, so that a server that takes no more is seen.
func (p *Prober) postgres(c *Config) (asker, error) {
	var dsn string
	ok := false
	if p.o.Secret != nil {
		dsn, ok = p.o.Secret(c.Postgres.Secret)
	}
	if !ok {
		return nil, c.bad("postgres.dsn_secret: secrets has no %q", c.Postgres.Secret)
	}
	conf, err := pgx.ParseConfig(dsn)
	if err != nil { // the error of the library holds what it could not read
		return nil, c.bad("postgres.dsn_secret: %q is not of the form postgres://user:password@host:port/database", c.Postgres.Secret)
	}
	conf.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conf.DialFunc = p.o.Egress.DialContext
	conf.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil } // egress resolves and checks
	if conf.RuntimeParams == nil {
		conf.RuntimeParams = map[string]string{}
	}
	conf.RuntimeParams["application_name"] = "signalbox"
	slow := time.Duration(c.Postgres.Slow)
	if slow == 0 {
		slow = 5 * time.Second
	}
	sql := statestore.Statements(postgresSQL)
	return func(ctx context.Context) ([]sample, error) {
		if _, err := p.addresses(ctx, conf.Host, ""); err != nil {
			return []sample{{name: "pg_up", v: 0}}, err
		}
		conn, err := pgx.ConnectConfig(ctx, conf.Copy())
		if err != nil {
			return []sample{{name: "pg_up", v: 0}}, refusal(err)
		}
		defer func() {
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			_ = conn.Close(end)
		}()
		limit := fmt.Sprintf("SET statement_timeout = %d; SET default_transaction_read_only = on", c.Wait().Milliseconds())
		if _, err := conn.Exec(ctx, limit); err != nil {
			return []sample{{name: "pg_up", v: 0}}, refusal(err)
		}
		found := []sample{{name: "pg_up", v: 1}}
		var errs []error
		for _, q := range []struct {
			name string
			args []any
		}{{"activity", nil}, {"database", nil}, {"size", nil}, {"locks", nil}, {"waiting", []any{slow.Seconds()}}, {"replica", nil}, {"standbys", nil}, {"settings", nil}} {
			rows, err := table(ctx, conn, sql[q.name], q.args...)
			if err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", q.name, refusal(err)))
				continue
			}
			found = append(found, rows...)
		}
		if has, err := table(ctx, conn, sql["has_statements"]); err == nil && len(has) == 1 && has[0].v == 1 {
			rows, err := table(ctx, conn, sql["statements"]) // installed, and perhaps not loaded: then it is as if there were none
			if err == nil {
				found = append(found, rows...)
			}
		}
		return found, errors.Join(errs...)
	}, nil
}

// table reads the samples of a statement.
func table(ctx context.Context, conn *pgx.Conn, sql string, args ...any) ([]sample, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []sample
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return nil, err
		}
		var pairs []string
		for i, f := range rows.FieldDescriptions() {
			if !strings.HasPrefix(f.Name, "pg_") {
				text, _ := values[i].(string)
				pairs = append(pairs, f.Name, text)
			}
		}
		for i, f := range rows.FieldDescriptions() {
			if v, ok := values[i].(float64); ok && strings.HasPrefix(f.Name, "pg_") {
				out = append(out, sample{name: f.Name, pairs: pairs, v: v})
			}
		}
	}
	return out, rows.Err()
}

// refusal says why a server did not serve, without how it is connected to.
func refusal(err error) error {
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return fmt.Errorf("the server says %s (%s)", said.Message, said.Code)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("the server did not answer in time")
	}
	return errors.New("the server could not be reached")
}
