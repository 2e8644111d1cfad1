package line

import (
	"strconv"

	"github.com/signalbox/signalbox/internal/receive/wire"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Pairs reads a line of logfmt (key=value key="value with spaces") into the newest row and settles it. Unless the line is
// stated to be one, it must consist of pairs and name a time, a level or a message. It reports false, and leaves the row
// alone, where it is none.
func (r *Reader) Pairs(b *rowstore.Batch, line []byte, stated bool) bool {
	pairs, telling := 0, false
	if !eachPair(line, func(key, value []byte, bare bool) bool {
		if bare {
			return stated
		}
		pairs++
		if k, ok := known[string(key)]; ok && k.slot <= slotBody {
			telling = true
		}
		return true
	}) || pairs == 0 || !stated && (!telling || pairs < 2) {
		return false
	}
	eachPair(line, func(key, value []byte, bare bool) bool {
		if !bare {
			v := wire.View(value)
			if len(value) > 1 && value[0] == '"' {
				if s, err := strconv.Unquote(v); err == nil {
					v = b.Text([]byte(s))
				} else {
					v = wire.View(value[1 : len(value)-1])
				}
			}
			r.Put(b, wire.View(key), v)
		}
		return true
	})
	r.Settle(b)
	return true
}

// eachPair calls f with each pair; bare is a word without =. It reports false where f does or the line is no logfmt.
func eachPair(line []byte, f func(key, value []byte, bare bool) bool) bool {
	for p := 0; p < len(line); {
		if line[p] <= ' ' {
			p++
			continue
		}
		start := p
		for p < len(line) && line[p] > ' ' && line[p] != '=' && line[p] != '"' {
			p++
		}
		key := line[start:p]
		if p < len(line) && line[p] == '"' {
			return false
		}
		if p == len(line) || line[p] != '=' {
			if !f(key, nil, true) {
				return false
			}
			continue
		}
		if len(key) == 0 {
			return false
		}
		p++
		start = p
		if p < len(line) && line[p] == '"' {
			for p++; p < len(line) && line[p] != '"'; p++ {
				if line[p] == '\\' {
					p++
				}
			}
			if p >= len(line) {
				return false
			}
			p++
		} else {
			for p < len(line) && line[p] > ' ' {
				p++
			}
		}
		if !f(key, line[start:p], false) {
			return false
		}
	}
	return true
}
