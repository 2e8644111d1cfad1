package duckdb

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"
	raw "github.com/duckdb/duckdb-go/v2/mapping"

	"github.com/signalbox/signalbox/internal/fault"
)

// question is a statement with its parameters. Nothing that a person wrote is ever part of the text: it goes through arg.
type question struct {
	strings.Builder
	args []any
}

// arg adds a parameter (string, int64, uint64 or float64) and returns its place in the text.
func (q *question) arg(v any) string {
	q.args = append(q.args, v)
	return "$" + strconv.Itoa(len(q.args))
}

// time returns an instant in Unix microseconds as a TIMESTAMP.
func (q *question) time(us int64) string { return "make_timestamp(" + q.arg(us) + "::BIGINT)" }

// chunk is up to 2,048 rows of an answer. Its memory is DuckDB's and lives until the next chunk is asked for.
type chunk struct {
	n    int
	data raw.DataChunk
}

// column returns a column's values; those that are NULL are undefined.
func column[T any](c chunk, i int) []T {
	return unsafe.Slice((*T)(raw.VectorGetData(raw.DataChunkGetVector(c.data, raw.IdxT(i)))), c.n)
}

// String returns the text as it lies in DuckDB's memory.
func (t *text) String() string {
	if t.length <= inlineText {
		return unsafe.String(&t.head[0], t.length)
	}
	return unsafe.String(*(**byte)(unsafe.Pointer(&t.rest)), t.length)
}

// ask runs a question on a connection of its own and hands over its answer in chunks, while DuckDB goes on computing. It ends
// early when ctx does; what DuckDB refuses for its limits is a fault.TooLarge.
func (s *Store) ask(ctx context.Context, q *question, f func(chunk) error) error {
	if err := ctx.Err(); err != nil {
		return asked(ctx, err)
	}
	conn, err := s.query.connect()
	if err != nil {
		return err
	}
	defer raw.Disconnect(&conn)
	// An interrupt that comes between two steps is forgotten by the next one, so it is repeated until the end.
	var ended atomic.Bool
	gone := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(gone)
		for !ended.Load() {
			raw.Interrupt(conn)
			time.Sleep(5 * time.Millisecond)
		}
	})
	defer func() {
		ended.Store(true)
		if !stop() {
			<-gone
		}
	}()
	return asked(ctx, askOn(conn, q, f))
}

func askOn(conn raw.Connection, q *question, f func(chunk) error) error {
	var stmt raw.PreparedStatement
	defer raw.DestroyPrepare(&stmt)
	if raw.Prepare(conn, q.String(), &stmt) == raw.StateError {
		return errors.New(raw.PrepareError(stmt))
	}
	for i, v := range q.args {
		n, state := raw.IdxT(i+1), raw.State(raw.StateError)
		switch v := v.(type) {
		case string:
			state = raw.BindVarcharLength(stmt, n, v, raw.IdxT(len(v)))
		case int64:
			state = raw.BindInt64(stmt, n, v)
		case uint64:
			state = raw.BindUInt64(stmt, n, v)
		case float64:
			state = raw.BindDouble(stmt, n, v)
		}
		if state == raw.StateError {
			return fmt.Errorf("parameter %d is a %T", i+1, v)
		}
	}
	var pending raw.PendingResult
	defer raw.DestroyPending(&pending)
	if bindings.PendingPreparedStreaming(stmt, &pending) == raw.StateError {
		return errors.New(raw.PendingError(pending))
	}
	var res raw.Result
	defer raw.DestroyResult(&res)
	if raw.ExecutePending(pending, &res) == raw.StateError {
		return errors.New(raw.ResultError(&res))
	}
	for {
		var c chunk
		if bindings.StreamFetchChunk(res, &c.data) == raw.StateError { // an error or the end
			if message := raw.ResultError(&res); message != "" {
				return errors.New(message)
			}
			return nil
		}
		c.n = int(raw.DataChunkGetSize(c.data))
		var err error
		if c.n > 0 {
			err = f(c)
		}
		raw.DestroyDataChunk(&c.data)
		if err != nil || c.n == 0 {
			return err
		}
	}
}

// asked says what an error of a query means to the one who asked.
func asked(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fault.New(fault.TooLarge, "the query took longer than it may: %w", ctx.Err()).
			Hint("Ask for a shorter time range, or name a service")
	case ctx.Err() != nil:
		return ctx.Err()
	case strings.Contains(err.Error(), "Out of Memory Error"):
		return &fault.Error{Kind: fault.TooLarge, Err: err, Sentence: "the query needs more memory than queries may use (storage.rows.query_memory)",
			WayOut: "Ask for a shorter time range, or group by fewer fields"}
	}
	return err
}
