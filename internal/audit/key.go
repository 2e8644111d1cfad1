package audit

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"database/sql"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
)

// Key is a public key of the log. A key and the one before it sign each other, so that whoever trusts one of them can
// verify what the others signed; a key that replaced a lost one stands alone, and Endorsed is empty.
type Key struct {
	Fingerprint string `json:"fingerprint"` // SHA-256 of the 32 bytes, hexadecimal
	PublicKey   string `json:"public_key"`  // 32 bytes, hexadecimal
	CreatedAt   int64  `json:"created_at"`  // Unix ms
	Endorsed    string `json:"endorsed"`    // signature of the key before over this one
	Vouched     string `json:"vouched"`     // signature of this key over the one before
}

// PEM returns the public key as openssl and ParsePublicKey read it.
func (k Key) PEM() (string, error) {
	raw, err := hex.DecodeString(k.PublicKey)
	if err != nil || len(raw) != ed25519.PublicKeySize {
		return "", fault.New(fault.Invalid, "the audit key %.80q is not the hexadecimal form of %d bytes", k.PublicKey, ed25519.PublicKeySize)
	}
	return publicPEM(ed25519.PublicKey(raw))
}

func publicPEM(k ed25519.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		return "", fmt.Errorf("audit: public key: %w", err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

// ParsePublicKey reads a public key as PEM or as 64 hexadecimal digits.
func ParsePublicKey(text string) (ed25519.PublicKey, error) {
	text = strings.TrimSpace(text)
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == ed25519.PublicKeySize {
		return raw, nil
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, fault.New(fault.Invalid, "this is no public key: want PEM with PUBLIC KEY, or %d hexadecimal digits", 2*ed25519.PublicKeySize).
			Hint("`signalbox audit key` prints the one of a running server; it is also kept as audit.pub in the data directory")
	}
	any, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fault.New(fault.Invalid, "this is no public key: %w", err)
	}
	k, ok := any.(ed25519.PublicKey)
	if !ok {
		return nil, fault.New(fault.Invalid, "this is a key of the type %T: want Ed25519", any)
	}
	return k, nil
}

// Fingerprint is the SHA-256 of a public key in hexadecimal.
func Fingerprint(k ed25519.PublicKey) string {
	s := sha256.Sum256(k)
	return hex.EncodeToString(s[:])
}

// signer is the key in force.
type signer struct {
	private     ed25519.PrivateKey
	fingerprint string
}

func newSigner(private ed25519.PrivateKey) signer {
	return signer{private, Fingerprint(public(private))}
}

func (s signer) sign(message []byte) string {
	return hex.EncodeToString(ed25519.Sign(s.private, message))
}

func (s signer) public() ed25519.PublicKey { return public(s.private) }

func public(k ed25519.PrivateKey) ed25519.PublicKey {
	p, _ := k.Public().(ed25519.PublicKey) // by its contract
	return p
}

// acquaintance is the string by which one key signs another.
func acquaintance(of, by string) []byte {
	return []byte("signalbox audit key 1\nof " + of + "\nby " + by + "\n")
}

// Keys returns all public keys, the oldest first; the last is in force.
func (l *Log) Keys(ctx context.Context) ([]Key, error) { return readKeys(ctx, l.o.DB.SQL(), l.sql) }

func readKeys(ctx context.Context, q querier, statement map[string]string) ([]Key, error) {
	rows, err := q.QueryContext(ctx, statement["keys"])
	if err != nil {
		return nil, fmt.Errorf("audit: read the keys: %w", err)
	}
	defer func() { _ = rows.Close() }() // rows.Err below says what went wrong
	out := []Key{}
	for rows.Next() {
		var k Key
		if err := rows.Scan(&k.Fingerprint, &k.PublicKey, &k.CreatedAt, &k.Endorsed, &k.Vouched); err != nil {
			return nil, fmt.Errorf("audit: read the keys: %w", err)
		}
		out = append(out, k)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("audit: read the keys: %w", err)
	}
	return out, nil
}

// Key returns the public key in force.
func (l *Log) Key(ctx context.Context) (Key, error) {
	keys, err := l.Keys(ctx)
	if err != nil {
		return Key{}, err
	}
	if len(keys) == 0 {
		return Key{}, fault.New(fault.Internal, "the audit log has no key").Hint("Somebody emptied the table audit_key; restart signalbox")
	}
	return keys[len(keys)-1], nil
}

// openKey makes the key file and the newest key of the database agree: a rotation that was interrupted is finished or
// forgotten, and a file that is new to the database becomes a key that nobody endorsed, with a record that says so.
func (l *Log) openKey(ctx context.Context) error {
	keys, err := l.Keys(ctx)
	if err != nil {
		return err
	}
	next, err := readKey(l.next())
	if err != nil {
		return err
	}
	if next != nil {
		if s := newSigner(next); len(keys) > 0 && keys[len(keys)-1].Fingerprint == s.fingerprint {
			l.key = s
			return l.install()
		}
		if err := os.Remove(l.next()); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
	}
	private, err := readKey(l.o.KeyFile)
	if err != nil {
		return err
	}
	if private != nil {
		l.key = newSigner(private)
		if len(keys) > 0 && keys[len(keys)-1].Fingerprint == l.key.fingerprint {
			return l.publish()
		}
	} else {
		if _, private, err = ed25519.GenerateKey(rand.Reader); err != nil {
			return fmt.Errorf("audit: make a key: %w", err)
		}
		l.key = newSigner(private)
	}
	if err := writeKey(l.next(), private); err != nil {
		return err
	}
	err = l.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, l.sql["insert key"], l.key.fingerprint, hex.EncodeToString(l.key.public()), l.o.Now().UnixMilli(), "", ""); err != nil {
			return fmt.Errorf("audit: keep the key: %w", err)
		}
		if len(keys) == 0 {
			return nil
		}
		was := keys[len(keys)-1].Fingerprint
		l.o.Logger.Error("The audit key is not the one that signed until now; verifiers that trust the old one will say so", "key", l.key.fingerprint, "was", was, "file", l.o.KeyFile)
		return l.append(ctx, tx, Record{Actor: Actor{ID: "signalbox", Kind: "system"}, Action: "key_rotate", Object: Object{Kind: "AuditKey", Name: l.key.fingerprint},
			Outcome: Failed, Before: was, After: l.key.fingerprint, Reason: "the private key that signed until now is not in the key file; the new one is not endorsed by it"})
	})
	if err != nil {
		return err
	}
	return l.install()
}

// Rotate makes a new key, endorsed by the one in force, and forgets the private half of the old one. What the old one signed
// stays verifiable with either. The record of it names both.
func (l *Log) Rotate(ctx context.Context, by Actor, reason string) (Key, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, fmt.Errorf("audit: make a key: %w", err)
	}
	old, fresh := l.key, newSigner(private)
	if err := writeKey(l.next(), private); err != nil {
		return Key{}, err
	}
	k := Key{
		Fingerprint: fresh.fingerprint, PublicKey: hex.EncodeToString(fresh.public()), CreatedAt: l.o.Now().UnixMilli(),
		Endorsed: old.sign(acquaintance(fresh.fingerprint, old.fingerprint)), Vouched: fresh.sign(acquaintance(old.fingerprint, fresh.fingerprint)),
	}
	err = l.o.DB.Tx(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, l.sql["insert key"], k.Fingerprint, k.PublicKey, k.CreatedAt, k.Endorsed, k.Vouched); err != nil {
			return fmt.Errorf("audit: keep the key: %w", err)
		}
		return l.Append(ctx, tx, Record{Actor: by, Action: "key_rotate", Object: Object{Kind: "AuditKey", Name: k.Fingerprint}, Outcome: Done,
			Before: old.fingerprint, After: k.Fingerprint, Reason: reason, Detail: map[string]string{"public_key": k.PublicKey}})
	})
	if err != nil {
		return Key{}, errors.Join(err, os.Remove(l.next()))
	}
	l.key = fresh // in force from the commit, wherever its file stands: Open finishes what install does not
	return k, l.install()
}

// next is where a key waits until the database knows it.
func (l *Log) next() string { return l.o.KeyFile + ".next" }

// install puts the waiting key in its place.
func (l *Log) install() error {
	if err := os.Rename(l.next(), l.o.KeyFile); err != nil {
		return fmt.Errorf("audit: install the key: %w", err)
	}
	return l.publish()
}

// publish writes the public key beside the private one, for whoever wants to verify without us.
func (l *Log) publish() error {
	text, err := publicPEM(l.key.public())
	if err != nil {
		return err
	}
	path := filepath.Join(filepath.Dir(l.o.KeyFile), "audit.pub")
	if have, err := os.ReadFile(path); err == nil && string(have) == text {
		return nil
	}
	if err := os.WriteFile(path+".next", []byte(text), 0o644); err != nil {
		return fmt.Errorf("audit: write the public key: %w", err)
	}
	if err := os.Rename(path+".next", path); err != nil {
		return fmt.Errorf("audit: write the public key: %w", err)
	}
	return nil
}

// readKey reads a private key, nil if there is no file. A file that others may read is taken from them: what they read they
// have, so the log says that the key wants to be rotated.
func readKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("audit: read the key: %w", err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Invalid, "the audit key %s has the mode %s: want a plain file with mode 0600, which nobody else can read", path, info.Mode()).
			Hint("`chmod 600 %s`, and rotate the key if others may have read it", path)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("audit: read the key: %w", err)
	}
	bad := fault.New(fault.Invalid, "the audit key %s is no Ed25519 private key: want PEM with PRIVATE KEY", path).
		Hint("Restore the file from a backup; without it, move it away, and a new key is made that the old one does not endorse")
	block, _ := pem.Decode(b)
	if block == nil || block.Type != "PRIVATE KEY" {
		return nil, bad
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, bad
	}
	k, ok := any.(ed25519.PrivateKey)
	if !ok {
		return nil, bad
	}
	return k, nil
}

// writeKey writes a private key, whole or not at all, and synced: a key that signs must not be lost with the power.
func writeKey(path string, k ed25519.PrivateKey) error {
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return fmt.Errorf("audit: write the key: %w", err)
	}
	half := path + ".half"
	f, err := os.OpenFile(half, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("audit: write the key: %w", err)
	}
	werr := pem.Encode(f, &pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("audit: write the key: %w", err)
	}
	if err := errors.Join(os.Rename(half, path), syncFolder(filepath.Dir(path))); err != nil {
		return fmt.Errorf("audit: write the key: %w", err)
	}
	return nil
}

// syncFolder makes a rename durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
