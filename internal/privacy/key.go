package privacy

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/signalbox/signalbox/internal/audit"
	"github.com/signalbox/signalbox/internal/fault"
)

// analytics is the purpose of pseudonyms where no policy says another.
const analytics = "analytics"

// slack is for how long a row may be newer than its arrival, and then some.
const slack = 24 * time.Hour

// Key is a key of pseudonyms as the table knows it. Instants are Unix ms; 0 is not yet.
type Key struct {
	ID          int64  `json:"id"`
	Purpose     string `json:"purpose"`
	CreatedAt   int64  `json:"created_at"`
	RetiredAt   int64  `json:"retired_at" doc:"Since when a newer key makes the purpose's pseudonyms"`
	KeepUntil   int64  `json:"keep_until" doc:"When the newest row it served has expired and it is destroyed; 0: not known yet"`
	DestroyedAt int64  `json:"destroyed_at"`
}

// held is a key with its secret.
type held struct {
	Key
	secret []byte // 32 bytes
}

// ring is all keys still held, oldest first.
type ring []held

// current returns the key that makes a purpose's pseudonyms now.
func (r ring) current(purpose string) (held, bool) {
	for i := len(r) - 1; i >= 0; i-- {
		if r[i].Purpose == purpose && r[i].RetiredAt == 0 {
			return r[i], true
		}
	}
	return held{}, false
}

// Keys returns all keys that ever were, oldest first.
func (p *Privacy) Keys(ctx context.Context) ([]Key, error) {
	rows, err := p.o.DB.SQL().QueryContext(ctx, p.sql["keys"])
	if err != nil {
		return nil, fmt.Errorf("privacy: read the keys: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	out := []Key{}
	for rows.Next() {
		var k Key
		if err := rows.Scan(&k.ID, &k.Purpose, &k.CreatedAt, &k.RetiredAt, &k.KeepUntil, &k.DestroyedAt); err != nil {
			return nil, fmt.Errorf("privacy: read the keys: %w", err)
		}
		out = append(out, k)
	}
	return out, rows.Err()
}

// openKeys reads the keys that are held. A file that is missing makes what it served anonymous; that is said and recorded.
func (p *Privacy) openKeys(ctx context.Context) error {
	if err := os.MkdirAll(p.o.KeyDir, 0o700); err != nil {
		return fmt.Errorf("privacy: %w", err)
	}
	if err := os.Chmod(p.o.KeyDir, 0o700); err != nil {
		return fmt.Errorf("privacy: %w", err)
	}
	keys, err := p.Keys(ctx)
	if err != nil {
		return err
	}
	p.ring = nil
	for _, k := range keys {
		if k.DestroyedAt != 0 {
			if err := shred(p.keyFile(k.ID)); err != nil { // a crash came between the record and the file
				return err
			}
			continue
		}
		secret, err := readSecret(p.keyFile(k.ID))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			p.o.Logger.Error("A key of pseudonyms is missing: people in what it served can no longer be found", "key", k.ID, "purpose", k.Purpose, "directory", p.o.KeyDir)
			if err := p.markDestroyed(ctx, k, audit.Failed, "its file is missing"); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			p.ring = append(p.ring, held{k, secret})
		}
	}
	return nil
}

// Secret returns 32 bytes that the house keeps among the keys under a name, and makes them the first time.
func (p *Privacy) Secret(name string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	path := filepath.Join(p.o.KeyDir, name+".key")
	secret, err := readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	secret = make([]byte, 32)
	_, _ = rand.Read(secret) // never fails; it ends the program instead
	return secret, writeSecret(path, secret)
}

func (p *Privacy) keyFile(id int64) string {
	return filepath.Join(p.o.KeyDir, "pseudonym-"+strconv.FormatInt(id, 10)+".key")
}

// makeKey makes a purpose's new key and retires the one before. It needs p.mu.
func (p *Privacy) makeKey(ctx context.Context, purpose string) error {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return fmt.Errorf("privacy: make a key: %w", err)
	}
	now := p.o.Now()
	k := Key{Purpose: purpose, CreatedAt: now.UnixMilli()}
	until := int64(0)
	if keep := p.o.Keep(); keep > 0 {
		until = now.Add(keep + slack).UnixMilli()
	}
	err := p.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if err := tx.QueryRowContext(ctx, p.sql["newest key"]).Scan(&k.ID); err != nil {
			return err
		}
		k.ID++
		// The file comes first: a record without its key would say that people can no longer be found.
		if err := writeSecret(p.keyFile(k.ID), secret); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, p.sql["insert key"], k.ID, k.Purpose, k.CreatedAt); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, p.sql["retire keys"], k.CreatedAt, until, k.Purpose, k.ID); err != nil {
			return err
		}
		return p.o.Audit.Append(ctx, tx, audit.Record{Actor: house, Action: "key_rotate", Outcome: audit.Done, Object: keyObject(k.ID), Detail: map[string]string{"purpose": purpose}})
	})
	if err != nil {
		return fmt.Errorf("privacy: make a key for %q: %w", purpose, err)
	}
	for i := range p.ring {
		if o := &p.ring[i]; o.Purpose == purpose && o.RetiredAt == 0 {
			o.RetiredAt, o.KeepUntil = k.CreatedAt, until
		}
	}
	p.ring = append(p.ring, held{k, secret})
	return nil
}

var house = audit.Actor{ID: "signalbox", Kind: "system"}

func keyObject(id int64) audit.Object {
	return audit.Object{Kind: "PseudonymKey", Name: strconv.FormatInt(id, 10)}
}

// Turn rotates the keys that are due and destroys those that served only rows that have expired.
func (p *Privacy) Turn(ctx context.Context) error {
	now := p.o.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	turned := false
	for purpose, every := range p.law.Load().purposes {
		if k, ok := p.ring.current(purpose); ok && every > 0 && now.Sub(time.UnixMilli(k.CreatedAt)) >= every {
			if err := p.makeKey(ctx, purpose); err != nil {
				return err
			}
			turned = true
		}
	}
	keep := p.o.Keep()
	var left ring
	for _, k := range p.ring {
		until := int64(0)
		if keep > 0 && k.RetiredAt > 0 {
			until = time.UnixMilli(k.RetiredAt).Add(keep + slack).UnixMilli()
		}
		switch {
		case until != 0 && until <= now.UnixMilli():
			if err := p.markDestroyed(ctx, k.Key, audit.Done, "the rows it served have expired"); err != nil {
				return err
			}
			if err := shred(p.keyFile(k.ID)); err != nil {
				return err
			}
			turned = true
			continue
		case until != k.KeepUntil: // the retention has changed
			err := p.o.DB.Tx(ctx, func(tx *sql.Tx) error {
				_, err := tx.ExecContext(ctx, p.sql["keep key"], until, k.ID)
				return err
			})
			if err != nil {
				return fmt.Errorf("privacy: key %d: %w", k.ID, err)
			}
			k.KeepUntil = until
		}
		left = append(left, k)
	}
	p.ring = left
	if turned {
		return p.reload(ctx)
	}
	return nil
}

func (p *Privacy) markDestroyed(ctx context.Context, k Key, outcome, reason string) error {
	now := p.o.Now().UnixMilli()
	err := p.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, p.sql["destroy key"], now, now, k.ID); err != nil {
			return err
		}
		return p.o.Audit.Append(ctx, tx, audit.Record{Actor: house, Action: "key_destroy", Outcome: outcome, Object: keyObject(k.ID), Reason: reason, Detail: map[string]string{"purpose": k.Purpose}})
	})
	if err != nil {
		return fmt.Errorf("privacy: destroy key %d: %w", k.ID, err)
	}
	return nil
}

// writeSecret writes a key file and makes it durable.
func writeSecret(path string, secret []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("privacy: %w", err)
	}
	_, err = f.WriteString(hex.EncodeToString(secret) + "\n")
	return errors.Join(err, f.Sync(), f.Close(), syncDir(filepath.Dir(path)))
}

// readSecret reads a key file; others must not be able to.
func readSecret(path string) ([]byte, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fault.New(fault.Internal, "the key %s is no file", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(path, 0o600); err != nil {
			return nil, fmt.Errorf("privacy: %w", err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("privacy: %w", err)
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(secret) != 32 {
		return nil, fault.New(fault.Internal, "the file %s does not hold a key: want 64 hexadecimal digits", path).
			Hint("Put it back from where keys are backed up, or move it away: people in what it served can then no longer be found")
	}
	return secret, nil
}

// shred overwrites and removes a key file. On a disk that never writes in place the overwriting may miss; the removal is
// what counts, and the disk's own encryption.
func shred(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("privacy: %w", err)
	}
	_, err = f.Write(make([]byte, 65))
	return errors.Join(err, f.Sync(), f.Close(), os.Remove(path), syncDir(filepath.Dir(path)))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("privacy: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}
