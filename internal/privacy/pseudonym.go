package privacy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"hash"
	"hash/maphash"
	"slices"
)

// A pseudonym is ps_ and 32 letters and digits: 16 bytes of HMAC-SHA256 of the id, and 4 bytes by which we know our own, so
// that a row that comes by twice keeps its pseudonym and nobody can make one up.
const (
	pseudonymPrefix = "ps_"
	idBytes         = 16
	checkBytes      = 4
	pseudonymLen    = len(pseudonymPrefix) + 32
)

var alphabet = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// pseudonymShape says that a text looks like a pseudonym, ours or not.
func pseudonymShape(s string) bool {
	if len(s) != pseudonymLen || s[:len(pseudonymPrefix)] != pseudonymPrefix {
		return false
	}
	for i := len(pseudonymPrefix); i < len(s); i++ {
		if c := s[i]; !('a' <= c && c <= 'z') && !('2' <= c && c <= '7') {
			return false
		}
	}
	return true
}

// mac makes pseudonyms with one key; it is used by one goroutine.
type mac struct {
	h   hash.Hash
	buf []byte
	sum [sha256.Size]byte
}

func newMac(k held) *mac { return &mac{h: hmac.New(sha256.New, k.secret)} }

// of appends the pseudonym of an id.
func (m *mac) of(dst []byte, id string) []byte {
	m.buf = append(append(m.buf[:0], "id\x00"...), id...)
	m.h.Reset()
	_, _ = m.h.Write(m.buf)
	m.buf = append(m.buf[:0], m.h.Sum(m.sum[:0])[:idBytes]...)
	m.buf = m.check(m.buf)
	dst = append(dst, pseudonymPrefix...)
	return alphabet.AppendEncode(dst, m.buf)
}

// checkDomain keeps the two uses of a key apart.
var checkDomain = []byte("check\x00")

// check appends the check bytes of 16 bytes.
func (m *mac) check(id []byte) []byte {
	m.h.Reset()
	_, _ = m.h.Write(checkDomain)
	_, _ = m.h.Write(id)
	return append(id, m.h.Sum(m.sum[:0])[:checkBytes]...)
}

// made says that a pseudonym was made with this key.
func (m *mac) made(s string) bool {
	var raw, again [idBytes + checkBytes]byte
	if n, err := alphabet.Decode(raw[:], []byte(s[len(pseudonymPrefix):])); err != nil || n != len(raw) {
		return false
	}
	return hmac.Equal(raw[:], m.check(append(again[:0], raw[:idBytes]...)))
}

// pen makes the pseudonyms of one purpose: those of the current key, and it knows those of former ones. It remembers the ids
// seen last by two keyed hashes, never the ids themselves.
type pen struct {
	now    *mac
	former []*mac
	seeds  [2]maphash.Seed
	known  [256]struct {
		a, b uint64
		name [pseudonymLen]byte
	}
}

func newPen(r ring, purpose string) *pen {
	p := &pen{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
	for _, k := range r {
		if k.Purpose != purpose {
			continue
		}
		if p.now != nil {
			p.former = append(p.former, p.now)
		}
		p.now = newMac(k)
	}
	return p
}

// write appends the pseudonym of an id, or the id itself if it is one of ours.
func (p *pen) write(dst []byte, id string) []byte {
	a, b := maphash.String(p.seeds[0], id), maphash.String(p.seeds[1], id)|1
	k := &p.known[a%uint64(len(p.known))]
	if k.a == a && k.b == b {
		return append(dst, k.name[:]...)
	}
	if pseudonymShape(id) && (p.now.made(id) || slices.ContainsFunc(p.former, func(m *mac) bool { return m.made(id) })) {
		return append(dst, id...)
	}
	from := len(dst)
	dst = p.now.of(dst, id)
	k.a, k.b = a, b
	copy(k.name[:], dst[from:])
	return dst
}

// Pseudonyms returns every name under which the holder of an id may stand in what is kept: one for each key still held.
func (p *Privacy) Pseudonyms(id string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make([]string, 0, len(p.ring))
	for _, k := range p.ring {
		out = append(out, string(newMac(k).of(nil, id)))
	}
	return out
}

// Pseudonym returns the name under which the holder of an id stands now where no policy names another purpose.
func (p *Privacy) Pseudonym(id string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	k, _ := p.ring.current(analytics)
	return string(newMac(k).of(nil, id))
}
