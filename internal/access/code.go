package access

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	codeLife = time.Hour
	maxCodes = 64
)

// codes are the one-time codes that were printed and not used yet, by their hash.
type codes struct {
	now func() time.Time
	mu  sync.Mutex
	m   map[[32]byte]time.Time // -> when it ends
}

func newCodes(now func() time.Time) *codes { return &codes{now: now, m: map[[32]byte]time.Time{}} }

// make returns a code of 130 random bits.
func (c *codes) make() string {
	b := make([]byte, 17)
	_, _ = rand.Read(b) // never fails, by its contract
	code := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))[:26]
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	var first [32]byte
	for k, end := range c.m {
		if !end.After(now) {
			delete(c.m, k)
		} else if f, ok := c.m[first]; !ok || end.Before(f) {
			first = k
		}
	}
	if len(c.m) >= maxCodes {
		delete(c.m, first)
	}
	c.m[sha256.Sum256([]byte(code))] = now.Add(codeLife)
	return code
}

// take uses a code up.
func (c *codes) take(code string) bool {
	k := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(code))))
	c.mu.Lock()
	defer c.mu.Unlock()
	end, ok := c.m[k]
	delete(c.m, k)
	return ok && end.After(c.now())
}

// SignInURL returns a link on base that signs in once within the hour, for the terminal.
func (a *Access) SignInURL(base *url.URL) string {
	u := *base
	u.Path = strings.TrimSuffix(u.Path, "/") + "/login"
	u.RawQuery = url.Values{"code": {a.codes.make()}}.Encode()
	return u.String()
}
