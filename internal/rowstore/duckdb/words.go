package duckdb

import (
	"encoding/binary"
	"math/bits"
)

const (
	maxWords   = 255 // different texts that a list of words has at most
	tryWords   = 64  // after so many texts it is seen
	someWords  = 48  // whether so many of them are different: then they are no words
	fewestText = 4   // texts for which a list is tried
)

// wordList finds the different texts of a column.
type wordList struct {
	slots [1024]uint16 // 1 more than the number of a word
	words []string
	index [partRows]byte // the word of each text
}

// column appends a column of texts in the form that fits.
func (w *wordList) column(b []byte, all []string) []byte {
	first := all[0]
	same := 1
	for same < len(all) && all[same] == first {
		same++
	}
	switch {
	case same == len(all) && first == "":
		return append(b, formZero)
	case same == len(all):
		return appendText(append(b, formOne), first)
	case len(all) >= fewestText && w.find(all):
		b = append(b, formWords)
		b = binary.AppendUvarint(b, uint64(len(w.words)))
		for _, s := range w.words {
			b = appendText(b, s)
		}
		clear(w.words)
		return append(b, w.index[:len(all)]...)
	case areHex(all):
		b = binary.AppendUvarint(append(b, formHex), uint64(len(first)))
		for _, s := range all {
			for i := 0; i < len(s); i += 2 {
				b = append(b, hexValue[s[i]]<<4|hexValue[s[i+1]])
			}
		}
		return b
	}
	b = append(b, formEach)
	for _, s := range all {
		b = binary.AppendUvarint(b, uint64(len(s)))
	}
	for _, s := range all {
		b = append(b, s...)
	}
	return b
}

// find looks the texts' words up; it says no where there are too many.
func (w *wordList) find(all []string) bool {
	clear(w.slots[:])
	w.words = w.words[:0]
	last := byte(0)
	for i, s := range all {
		if i > 0 && s == w.words[last] {
			w.index[i] = last
			continue
		}
		at := textHash(s) % uint64(len(w.slots))
		for ; w.slots[at] != 0; at = (at + 1) % uint64(len(w.slots)) {
			if w.words[w.slots[at]-1] == s {
				break
			}
		}
		if w.slots[at] == 0 {
			if len(w.words) == maxWords || i < tryWords && len(w.words) == someWords {
				clear(w.words)
				return false
			}
			w.words = append(w.words, s)
			w.slots[at] = uint16(len(w.words))
		}
		last = byte(w.slots[at] - 1)
		w.index[i] = last
	}
	return true
}

// textHash is of the length, the beginning and the end of a text.
func textHash(s string) uint64 {
	var a, z uint64
	switch n := len(s); {
	case n >= 8:
		a, z = le64(s), le64(s[n-8:])
	case n >= 4:
		a, z = uint64(le32(s)), uint64(le32(s[n-4:]))
	case n > 0:
		a = uint64(s[0])<<16 | uint64(s[n/2])<<8 | uint64(s[n-1])
	}
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, z^uint64(len(s))^0xe7037ed1a0b428db)
	return hi ^ lo
}

func le64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func le32(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// hexValue is what a small hexadecimal digit stands for; noHex for other bytes.
var hexValue = func() (t [256]byte) {
	for c := range t {
		switch {
		case '0' <= c && c <= '9':
			t[c] = byte(c - '0')
		case 'a' <= c && c <= 'f':
			t[c] = byte(c - 'a' + 10)
		default:
			t[c] = noHex
		}
	}
	return t
}()

const (
	noHex    = 0x80
	hexText  = "0123456789abcdef"
	leastHex = 8 // digits for which it is worth it
)

// areHex reports whether all texts have one even length and consist of small hexadecimal digits.
func areHex(all []string) bool {
	n := len(all[0])
	if n < leastHex || n%2 != 0 {
		return false
	}
	for _, s := range all {
		if len(s) != n {
			return false
		}
		var seen byte
		for i := range len(s) {
			seen |= hexValue[s[i]]
		}
		if seen&noHex != 0 {
			return false
		}
	}
	return true
}
