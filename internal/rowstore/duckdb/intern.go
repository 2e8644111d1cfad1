package duckdb

import (
	"hash/maphash"
	"math/bits"
	"runtime"
	"strings"
	"unsafe"
)

// interner numbers texts in the order in which they are first seen.
type interner struct {
	slots []internSlot // a power of two of them
	texts []string     // by number
	bytes int          // of the texts
	seed  maphash.Seed
}

// internSlot holds a short text as it lies in DuckDB's vector, or a long one's length, first bytes and hash.
type internSlot struct {
	a, b   uint64
	number uint32 // 1 more than it is; 0: free
}

// number returns the number of a text.
func (in *interner) number(t *text) uint32 {
	words := (*[2]uint64)(unsafe.Pointer(t))
	a, b := words[0], words[1]
	if t.length > inlineText {
		if in.seed == (maphash.Seed{}) {
			in.seed = maphash.MakeSeed()
		}
		b = maphash.String(in.seed, t.String())
	}
	if 2*len(in.texts) >= len(in.slots) {
		in.grow()
	}
	mask := uint64(len(in.slots) - 1)
	for i := mixed(a, b) & mask; ; i = (i + 1) & mask {
		s := &in.slots[i]
		if s.number == 0 {
			in.texts = append(in.texts, strings.Clone(t.String()))
			in.bytes += int(t.length) + int(unsafe.Sizeof("")+2*unsafe.Sizeof(*s))
			*s = internSlot{a, b, uint32(len(in.texts))}
			return s.number - 1
		}
		if s.a == a && s.b == b && (t.length <= inlineText || in.texts[s.number-1] == t.String()) {
			return s.number - 1
		}
	}
}

// numberOf returns the number of a text of Go's.
func (in *interner) numberOf(s string) uint32 {
	var room [2]uint64 // as a text lies in a vector
	t := (*text)(unsafe.Pointer(&room))
	*t = laid(s)
	n := in.number(t)
	runtime.KeepAlive(s)
	return n
}

func (in *interner) grow() {
	old := in.slots
	in.slots = make([]internSlot, max(64, 2*len(old)))
	mask := uint64(len(in.slots) - 1)
	for _, s := range old {
		if s.number == 0 {
			continue
		}
		i := mixed(s.a, s.b) & mask
		for in.slots[i].number != 0 {
			i = (i + 1) & mask
		}
		in.slots[i] = s
	}
}

func mixed(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xe7037ed1a0b428db)
	return hi ^ lo
}

// pairing numbers pairs of numbers in the order in which they are first seen.
type pairing struct {
	slots []pairSlot
	n     uint32
}

type pairSlot struct {
	pair   uint64
	number uint32 // 1 more than it is; 0: free
}

// number returns the number of a pair; fresh says that it is new.
func (p *pairing) number(x, y uint32) (n uint32, fresh bool) {
	if 2*int(p.n) >= len(p.slots) {
		p.grow()
	}
	pair := uint64(x)<<32 | uint64(y)
	mask := uint64(len(p.slots) - 1)
	for i := mixed(pair, 1) & mask; ; i = (i + 1) & mask {
		s := &p.slots[i]
		if s.number == 0 {
			p.n++
			*s = pairSlot{pair, p.n}
			return p.n - 1, true
		}
		if s.pair == pair {
			return s.number - 1, false
		}
	}
}

func (p *pairing) grow() {
	old := p.slots
	p.slots = make([]pairSlot, max(64, 2*len(old)))
	mask := uint64(len(p.slots) - 1)
	for _, s := range old {
		if s.number == 0 {
			continue
		}
		i := mixed(s.pair, 1) & mask
		for p.slots[i].number != 0 {
			i = (i + 1) & mask
		}
		p.slots[i] = s
	}
}
