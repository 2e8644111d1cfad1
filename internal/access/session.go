package access

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/statestore"
)

// A session ends after sessionIdle without a request and in any case after sessionLife.
const (
	sessionLife = 30 * 24 * time.Hour
	sessionIdle = 7 * 24 * time.Hour
	seenEvery   = time.Hour // a session's last use is written down at most this often
	maxSessions = 1000
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed session.sql
var sessionSQL string

// session is one signed-in browser. Times are Unix ms.
type session struct {
	created, seen, written int64
}

func (s session) ends() int64 {
	return min(s.created+sessionLife.Milliseconds(), s.seen+sessionIdle.Milliseconds())
}

// sessions are all signed-in browsers, by the hash of their cookie; memory answers, the state database remembers.
type sessions struct {
	db         *statestore.DB
	now        func() time.Time
	credential string
	sql        map[string]string

	mu sync.Mutex
	m  map[string]session
}

func openSessions(ctx context.Context, db *statestore.DB, now func() time.Time, credential string) (*sessions, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "access", files); err != nil {
		return nil, err
	}
	s := &sessions{db: db, now: now, credential: credential, sql: statements(sessionSQL), m: map[string]session{}}
	t := now()
	err = db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.sql["purge"], t.Add(-sessionLife).UnixMilli(), t.Add(-sessionIdle).UnixMilli(), credential)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("purge sessions: %w", err)
	}
	rows, err := db.SQL().QueryContext(ctx, s.sql["all"])
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	for rows.Next() {
		var id, cred string
		var x session
		if err := rows.Scan(&id, &cred, &x.created, &x.seen); err != nil {
			return nil, fmt.Errorf("read sessions: %w", err)
		}
		x.written = x.seen
		s.m[id] = x
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return s, nil
}

// statements splits a file of "-- name: x" statements.
func statements(file string) map[string]string {
	m := map[string]string{}
	for _, part := range strings.Split(file, "-- name: ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		m[strings.TrimSpace(name)] = strings.TrimSpace(body)
	}
	return m
}

func sessionID(cookie string) string {
	sum := sha256.Sum256([]byte(cookie))
	return hex.EncodeToString(sum[:])
}

// start makes a session, durable when it returns, and returns the cookie's value and the session's end.
func (s *sessions) start(ctx context.Context) (value string, ends time.Time, err error) {
	value = secret()
	now := s.now().UnixMilli()
	x := session{created: now, seen: now, written: now}
	var gone []string
	s.mu.Lock()
	for id, old := range s.m {
		if old.ends() <= now {
			gone = append(gone, id)
		}
	}
	if len(s.m)-len(gone) >= maxSessions {
		oldest, at := "", now+1
		for id, old := range s.m {
			if old.seen < at {
				oldest, at = id, old.seen
			}
		}
		gone = append(gone, oldest)
	}
	for _, id := range gone {
		delete(s.m, id)
	}
	s.mu.Unlock()
	err = s.db.Tx(ctx, func(tx *sql.Tx) error {
		for _, id := range gone {
			if _, err := tx.ExecContext(ctx, s.sql["delete"], id); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, s.sql["put"], sessionID(value), s.credential, x.created, x.seen)
		return err
	})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("keep session: %w", err)
	}
	s.mu.Lock()
	s.m[sessionID(value)] = x
	s.mu.Unlock()
	return value, time.UnixMilli(now).Add(sessionLife), nil
}

// check reports whether the cookie's session lives and until when. It is called for every request and writes at most
// once an hour per session; a failed write costs nothing but an earlier end.
func (s *sessions) check(ctx context.Context, cookie string) (ends int64, ok bool, err error) {
	id, now := sessionID(cookie), s.now().UnixMilli()
	s.mu.Lock()
	x, ok := s.m[id]
	if !ok || x.ends() <= now {
		s.mu.Unlock()
		return 0, false, nil
	}
	x.seen = max(x.seen, now)
	write := x.seen-x.written >= seenEvery.Milliseconds()
	if write {
		x.written = x.seen
	}
	s.m[id] = x
	s.mu.Unlock()
	if write {
		err = s.db.Tx(ctx, func(tx *sql.Tx) error {
			_, err := tx.ExecContext(ctx, s.sql["put"], id, s.credential, x.created, x.seen)
			return err
		})
	}
	return x.ends(), true, err
}

// end forgets the cookie's session.
func (s *sessions) end(ctx context.Context, cookie string) error {
	id := sessionID(cookie)
	s.mu.Lock()
	delete(s.m, id)
	s.mu.Unlock()
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.sql["delete"], id)
		return err
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}
