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
	n   uint64 // codes made so far
	m   map[[32]byte]code
}

// code is when a code ends and the how-manieth it was.
type code struct {
	end time.Time
	n   uint64
}

func newCodes(now func() time.Time) *codes { return &codes{now: now, m: map[[32]byte]code{}} }

// make returns a code of 130 random bits.
func (c *codes) make() string {
	b := make([]byte, 17)
	_, _ = rand.Read(b) // never fails, by its contract
	secret := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))[:26]
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	var first [32]byte
	for k, x := range c.m {
		if !x.end.After(now) {
			delete(c.m, k)
		} else if f, ok := c.m[first]; !ok || x.n < f.n {
			first = k
		}
	}
	if len(c.m) >= maxCodes {
		delete(c.m, first)
	}
	c.n++
	c.m[sha256.Sum256([]byte(secret))] = code{now.Add(codeLife), c.n}
	return secret
}

// take uses a code up.
func (c *codes) take(secret string) bool {
	k := sha256.Sum256([]byte(strings.ToLower(strings.TrimSpace(secret))))
	c.mu.Lock()
	defer c.mu.Unlock()
	x, ok := c.m[k]
	delete(c.m, k)
	return ok && x.end.After(c.now())
}

// SignInURL returns a link on base that signs in once within the hour, for the terminal.
func (a *Access) SignInURL(base *url.URL) string {
	u := *base
	u.Path = strings.TrimSuffix(u.Path, "/") + "/login"
	u.RawQuery = url.Values{"code": {a.codes.make()}}.Encode()
	return u.String()
}
