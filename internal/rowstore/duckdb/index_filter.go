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

// lineOf returns which of so many lines an id is in: by its upper half, the bits are chosen by the lower.
func lineOf(id uint64, lines int) int {
	n, _ := bits.Mul64(id, uint64(lines))
	return int(n)
}

func (f idFilter) line(id uint64) []uint64 {
	return f[idLine*lineOf(id, len(f)/idLine):][:idLine:idLine]
}

func (f idFilter) add(id uint64) {
	line := f.line(id)
	for i, salt := range idSalts {
		line[i/2] |= 1 << (uint32(id)*salt>>27 + 32*uint32(i&1))
	}
}

// lineHas reports whether an id can be one of a line's.
func lineHas(line []uint64, id uint64) bool {
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

// findWords returns which of so many blocks can have a text with a part in lower case; ok is false where that is not known,
// because the part is short or a row of bits, which read reads, cannot be read.
func findWords(part string, blocks int, read func(row []uint64, place int) bool) (found []uint64, ok bool) {
	if len(part) < 3 {
		return nil, false
	}
	found = make([]uint64, strideOf(blocks))
	for i := range found {
		found[i] = ^uint64(0)
	}
	row := make([]uint64, len(found))
	for i := 2; i < len(part); i++ {
		if !read(row, int(placeOf(uint32(part[i-2])<<16|uint32(part[i-1])<<8|uint32(part[i])))) {
			return nil, false
		}
		for k, x := range row {
			found[k] &= x
		}
	}
	return found, true
}
