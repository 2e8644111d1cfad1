package duckdb

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

// idFilter is a Bloom filter of ids in lines of 256 bits, as Parquet has it: an id sets one bit in each of a line's eight
// words. About one id in a hundred that is not there seems to be.
type idFilter []uint64

const (
	idBits = 10 // of the filter for an id
	idLine = 4  // numbers of a line
)

// newIDFilter makes room for so many ids.
func newIDFilter(ids int) idFilter { return make(idFilter, idLine*max(1, (ids*idBits+255)/256)) }

// idSalts make the odd numbers by which an id is multiplied to find its bits.
var idSalts = [8]uint32{0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31}

func (f idFilter) line(id uint64) []uint64 {
	n, _ := bits.Mul64(id, uint64(len(f)/idLine)) // by the upper half; the bits are chosen by the lower
	return f[idLine*n:][:idLine:idLine]
}

func (f idFilter) add(id uint64) {
	line := f.line(id)
	for i, salt := range idSalts {
		line[i/2] |= 1 << (uint32(id)*salt>>27 + 32*uint32(i&1))
	}
}

func (f idFilter) has(id uint64) bool {
	if len(f) == 0 {
		return true
	}
	line := f.line(id)
	for i, salt := range idSalts {
		if line[i/2]&(1<<(uint32(id)*salt>>27+32*uint32(i&1))) == 0 {
			return false
		}
	}
	return true
}

// traceHash is a trace in an idFilter.
func traceHash(hi, lo uint64) uint64 {
	a, b := bits.Mul64(hi^0x9e3779b97f4a7c15, lo^0xe7037ed1a0b428db)
	return (a ^ b) * 0xff51afd7ed558ccd
}

// idHash is an id that is a text in an idFilter, by its column.
func idHash(col int, id string) uint64 {
	return (xxhash.Sum64String(id) + uint64(col)) * 0x9e3779b97f4a7c15
}

// wordFilter tells in which blocks a text can be: each three bytes of a text that stand side by side, in lower case, have a
// place, and the place has a bit for each block. Texts that nobody has written yet are found by it as whole words are.
type wordFilter struct {
	blocks int
	bits   []uint64 // strideOf(blocks) numbers for each place
}

// wordPlaces is how many places three bytes can have.
const wordPlaces = 1 << 15

// strideOf is how many numbers have a bit for each block.
func strideOf(blocks int) int { return (blocks + 63) / 64 }

func newWordFilter(blocks int) wordFilter {
	return wordFilter{blocks, make([]uint64, wordPlaces*strideOf(blocks))}
}

// placeOf returns the place of three bytes.
func placeOf(three uint32) uint32 { return three * 0x9e3779b1 >> 17 }

// wordBlock is the places that the texts of one block have.
type wordBlock [wordPlaces / 64]uint64

// add adds a text.
func (w *wordBlock) add(s string) {
	three, n := uint32(0), 0
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			w.addLower(strings.Map(unicode.ToLower, s))
			return
		}
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		three = (three<<8 | uint32(c)) & 0xffffff
		if n++; n >= 3 {
			p := placeOf(three)
			w[p/64] |= 1 << (p % 64)
		}
	}
}

// addLower adds a text in lower case.
func (w *wordBlock) addLower(s string) {
	for i := 2; i < len(s); i++ {
		p := placeOf(uint32(s[i-2])<<16 | uint32(s[i-1])<<8 | uint32(s[i]))
		w[p/64] |= 1 << (p % 64)
	}
}

// set notes a block's places.
func (f wordFilter) set(block int, w *wordBlock) {
	stride := strideOf(f.blocks)
	for i, x := range w {
		for ; x != 0; x &= x - 1 {
			f.bits[(64*i+bits.TrailingZeros64(x))*stride+block/64] |= 1 << (block % 64)
		}
	}
}

// find returns the blocks that can have a text with a part in lower case; ok is false where they are not known because the
// part is short.
func (f wordFilter) find(part string) (blocks []uint64, ok bool) {
	if len(part) < 3 {
		return nil, false
	}
	stride := strideOf(f.blocks)
	for i := 2; i < len(part); i++ {
		p := int(placeOf(uint32(part[i-2])<<16 | uint32(part[i-1])<<8 | uint32(part[i])))
		row := f.bits[p*stride:][:stride]
		if blocks == nil {
			blocks = append(make([]uint64, 0, stride), row...)
			continue
		}
		for k, x := range row {
			blocks[k] &= x
		}
	}
	return blocks, true
}
