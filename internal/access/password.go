package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"github.com/signalbox/signalbox/internal/fault"
)

// Bounds of a password. Length is what makes one hard to guess, so there is no rule about digits or signs (NIST SP 800-63B).
const (
	MinPassword = 12
	MaxPassword = 256 // bytes
)

// Cost are argon2id's parameters. They are stored with each hash, so that they can be raised: a hash made with others is
// replaced at the next sign-in.
type Cost struct {
	Memory  uint32 // KiB
	Time    uint32
	Threads uint8
}

// UsualCost are the parameters that OWASP names for 19 MiB: on a small machine several people may sign in at once.
func UsualCost() Cost { return Cost{Memory: 19 << 10, Time: 2, Threads: 1} }

// hashing bounds how many passwords are hashed at once: strangers may not fill the memory.
type hashing struct {
	cost Cost
	room chan struct{}
}

func newHashing(c Cost) hashing { return hashing{c, make(chan struct{}, hashAtOnce)} }

const (
	hashAtOnce = 2
	hashWait   = 10 * time.Second
)

func (h hashing) enter(ctx context.Context) error {
	t := time.NewTimer(hashWait)
	defer t.Stop()
	select {
	case h.room <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return fault.New(fault.Limited, "too many people are signing in at once").Hint("Try again in a minute")
	}
}

// hash returns the password's hash in PHC notation: $argon2id$v=19$m=...,t=...,p=...$salt$key.
func (h hashing) hash(ctx context.Context, password string) (string, error) {
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.room }()
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // never fails, by its contract
	return phc(password, salt, h.cost), nil
}

func phc(password string, salt []byte, c Cost) string {
	key := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, 32)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// matches compares a password with a hash in constant time. An empty hash costs the same and never matches: whether there
// is a user of that name shows in no clock. old says that the hash was made with other parameters than today's.
func (h hashing) matches(ctx context.Context, password, hash string) (ok, old bool, err error) {
	if err := h.enter(ctx); err != nil {
		return false, false, err
	}
	defer func() { <-h.room }()
	nobody := hash == ""
	c, salt, key := h.cost, make([]byte, 16), make([]byte, 32)
	if !nobody {
		if c, salt, key, err = parsePHC(hash); err != nil {
			return false, false, err
		}
	}
	got := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1 && !nobody, c != h.cost, nil
}

func parsePHC(s string) (c Cost, salt, key []byte, err error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errors.New("stored password: not argon2id")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Time, &c.Threads); err != nil {
		return c, nil, nil, fmt.Errorf("stored password: parameters: %w", err)
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err := errors.Join(err1, err2); err != nil {
		return c, nil, nil, fmt.Errorf("stored password: %w", err)
	}
	if c.Time == 0 || c.Threads == 0 || c.Memory > 1<<20 || len(key) < 16 {
		return c, nil, nil, errors.New("stored password: parameters out of range")
	}
	return c, salt, key, nil
}

// checkPassword refuses what is guessed first. It never repeats the password.
func checkPassword(password, login, name string) error {
	no := func(why string) error {
		return fault.New(fault.Invalid, "password: %s", why).Hint("Want %d characters or more; a few words in a row are good", MinPassword)
	}
	lower := strings.ToLower(strings.TrimSpace(password))
	local, _, _ := strings.Cut(login, "@")
	kinds := map[rune]bool{}
	for _, r := range lower {
		kinds[r] = true
	}
	switch {
	case !utf8.ValidString(password):
		return no("not UTF-8")
	case utf8.RuneCountInString(password) < MinPassword:
		return no("too short")
	case len(password) > MaxPassword:
		return fault.New(fault.Invalid, "password: %d bytes: want %d at most", len(password), MaxPassword)
	case len(kinds) < 5:
		return no("too few different characters")
	case lower == login || lower == strings.ToLower(name) || lower == local+local || slices.Contains(common(), strings.ReplaceAll(lower, " ", "")):
		return no("easily guessed")
	}
	return nil
}

// common are passwords of MinPassword characters or more that lead the lists of leaked ones.
func common() []string {
	return []string{
		"123456789012", "1234567890123", "1234567890ab", "password1234", "password12345", "password123456", "passwordpassword", "qwertyuiop12",
		"qwertyuiop123", "qwerty123456", "1q2w3e4r5t6y", "administrator", "administrator1", "letmeinletmein", "iloveyou1234", "changemechangeme",
		"changeme1234", "welcome12345", "welcome123456", "adminadmin123", "signalbox123", "signalbox1234", "signalboxsignalbox", "abcdefghijkl", "abc123abc123",
	}
}

// initialPassword is one that an administrator hands over: 80 random bits in groups that can be read out.
func initialPassword() string {
	s := secret()
	return s[:5] + "-" + s[5:10] + "-" + s[10:15] + "-" + s[15:20]
}
