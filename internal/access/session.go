package access

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/signalbox/signalbox/internal/statestore"
)

// A session of the admin token ends after startIdle without a request and in any case after startLife; those of people have
// their own Options.
const (
	startLife   = 30 * 24 * time.Hour
	startIdle   = 7 * 24 * time.Hour
	seenEvery   = 5 * time.Minute // a session's last use is written down at most this often
	maxSessions = 10_000
	maxOwn      = 50 // sessions of one person, or of the admin token; one more ends the one that was idle for longest
)

// Ways to a session.
const (
	wayLink     = "link" // the link of the start, a one-time code or the admin token
	wayPassword = "password"
	wayOIDC     = "oidc"
)

//go:embed migrations/*.sql
var migrations embed.FS

//go:embed session.sql
var sessionSQL string

// session is one signed-in browser. Times are Unix ms.
type session struct {
	id                     string // SHA-256 of the cookie, hexadecimal
	user                   string // empty for the admin token's
	way                    string
	address, browser       string
	created, seen, written int64
	proved                 int64 // when the person last showed who they are; 0 for never
}

// public is the id by which people name a session: too short to be the cookie's hash.
func (s session) public() string { return s.id[:20] }

// sessions are all signed-in browsers, by the hash of their cookie; memory answers, the state database remembers.
type sessions struct {
	db         *statestore.DB
	now        func() time.Time
	credential string
	idle, life time.Duration // of people
	sql        map[string]string

	mu sync.Mutex
	m  map[string]session
}

func (s *sessions) open(ctx context.Context) error {
	t := s.now()
	err := s.db.Tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.sql["purge"], t.Add(-startLife).UnixMilli(), t.Add(-startIdle).UnixMilli(), s.credential,
			t.Add(-s.life).UnixMilli(), t.Add(-s.idle).UnixMilli())
		return err
	})
	if err != nil {
		return fmt.Errorf("purge sessions: %w", err)
	}
	err = each(ctx, s.db.SQL(), s.sql["all"], func(rows *sql.Rows) error {
		var x session
		if err := rows.Scan(&x.id, &x.user, &x.way, &x.address, &x.browser, &x.created, &x.seen, &x.proved); err != nil {
			return err
		}
		x.written = x.seen
		s.m[x.id] = x
		return nil
	})
	if err != nil {
		return fmt.Errorf("read sessions: %w", err)
	}
	return nil
}

func sessionID(cookie string) string {
	sum := sha256.Sum256([]byte(cookie))
	return hex.EncodeToString(sum[:])
}

// ends returns when the session ends if nothing more is asked, and when it ends whatever is asked.
func (s *sessions) ends(x session) (idle, hard int64) {
	wait, life := s.idle, s.life
	if x.user == "" {
		wait, life = startIdle, startLife
	}
	hard = x.created + life.Milliseconds()
	return min(hard, x.seen+wait.Milliseconds()), hard
}

// begin makes a session and returns the cookie's value, and the ids of sessions that have to make room. Nothing is kept yet:
// write both in one transaction, then swap.
func (s *sessions) begin(x session) (value string, made session, gone []string) {
	value = secret()
	now := s.now().UnixMilli()
	x.id, x.created, x.seen, x.written = sessionID(value), now, now, now
	var own, all []session
	s.mu.Lock()
	for id, old := range s.m {
		switch idle, _ := s.ends(old); {
		case idle <= now:
			gone = append(gone, id)
		case old.user == x.user:
			own = append(own, old)
			all = append(all, old)
		default:
			all = append(all, old)
		}
	}
	s.mu.Unlock()
	for _, set := range []struct {
		of    []session
		bound int
	}{{own, maxOwn}, {all, maxSessions}} {
		if over := len(set.of) - set.bound + 1; over > 0 {
			slices.SortFunc(set.of, func(a, b session) int { return cmp.Compare(a.seen, b.seen) })
			for _, old := range set.of[:over] {
				gone = append(gone, old.id)
			}
		}
	}
	return value, x, gone
}

// write puts a session, if any, and deletes others, in a transaction.
func (s *sessions) write(ctx context.Context, tx *sql.Tx, x *session, gone []string) error {
	for _, id := range gone {
		if _, err := tx.ExecContext(ctx, s.sql["delete"], id); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
	}
	if x == nil {
		return nil
	}
	if _, err := tx.ExecContext(ctx, s.sql["put"], x.id, s.credential, x.user, x.way, x.address, x.browser, x.created, x.seen, x.proved); err != nil {
		return fmt.Errorf("keep session: %w", err)
	}
	return nil
}

// swap does in memory what write did in the database.
func (s *sessions) swap(x *session, gone []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range gone {
		delete(s.m, id)
	}
	if x != nil {
		s.m[x.id] = *x
	}
}

// check returns the cookie's session if it lives. It is called for every request and writes at most every seenEvery; a
// failed write costs nothing but an earlier end. attended says that a person asks, which puts the idle end off.
func (s *sessions) check(ctx context.Context, cookie string, attended bool) (x session, ok bool, err error) {
	id, now := sessionID(cookie), s.now().UnixMilli()
	s.mu.Lock()
	x, ok = s.m[id]
	if idle, _ := s.ends(x); !ok || idle <= now {
		s.mu.Unlock()
		return session{}, false, nil
	}
	if !attended {
		s.mu.Unlock()
		return x, true, nil
	}
	x.seen = max(x.seen, now)
	write := x.seen-x.written >= seenEvery.Milliseconds()
	if write {
		x.written = x.seen
	}
	s.m[id] = x
	s.mu.Unlock()
	if write {
		err = s.db.Tx(ctx, func(tx *sql.Tx) error { return s.write(ctx, tx, &x, nil) })
	}
	return x, true, err
}

// find lists the sessions that live and that f wants, the newest first.
func (s *sessions) find(f func(session) bool) []session {
	now := s.now().UnixMilli()
	var out []session
	s.mu.Lock()
	for _, x := range s.m {
		if idle, _ := s.ends(x); idle > now && f(x) {
			out = append(out, x)
		}
	}
	s.mu.Unlock()
	slices.SortFunc(out, func(a, b session) int { return cmp.Or(cmp.Compare(b.created, a.created), strings.Compare(a.id, b.id)) })
	return out
}

// ids are the sessions' ids.
func ids(xs []session) []string {
	out := make([]string, len(xs))
	for i, x := range xs {
		out[i] = x.id
	}
	return out
}
