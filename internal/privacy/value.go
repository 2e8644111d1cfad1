package privacy

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// apply does to a whole value what a rule says. Empty means that nothing is left of it.
func (w *worker) apply(r *rule, v string) string {
	out := w.buf[:0]
	switch r.act {
	case drop:
		return ""
	case pseudonym:
		out = w.pens[r.purpose].write(out, v)
	case mask:
		out = stars(out, v, r.length)
	case truncate:
		return cut(v, r.length)
	case link:
		head, tail := plainLink(v)
		if tail == "" {
			return head
		}
		out = append(append(out, head...), tail...)
	case network:
		return w.networks(r, v)
	case round:
		return w.rounded(r, v)
	case instant:
		return w.coarseTime(r, v)
	}
	w.buf = out[:0]
	return w.keep(out)
}

// networks makes an address, or a list of them, coarser. What is no address stays: a peer may be named.
func (w *worker) networks(r *rule, v string) string {
	out, changed := w.buf[:0], false
	for i, rest := 0, v; ; i++ {
		one, more, again := strings.Cut(rest, ",")
		if i > 0 {
			out = append(out, ',')
		}
		trimmed := strings.TrimSpace(one)
		if n, ok := networkOf(r, trimmed); ok {
			out = append(out, one[:len(one)-len(strings.TrimLeft(one, " "))]...)
			before := len(out)
			out = n.AppendTo(out)
			changed = changed || string(out[before:]) != trimmed
		} else {
			out = append(out, one...)
		}
		if !again {
			break
		}
		rest = more
	}
	w.buf = out[:0]
	if !changed {
		return v
	}
	return w.keep(out)
}

// networkOf reads an address, alone, with a port, or as a network that is coarse enough already.
func networkOf(r *rule, s string) (netip.Prefix, bool) {
	s = strings.Trim(s, `"`)
	if len(s) < 2 || len(s) > 64 || !strings.ContainsAny(s, ".:") {
		return netip.Prefix{}, false
	}
	bits := 129
	var a netip.Addr
	if p, err := netip.ParsePrefix(s); err == nil {
		a, bits = p.Addr(), p.Bits()
	} else if ap, err := netip.ParseAddrPort(s); err == nil {
		a = ap.Addr()
	} else if a, err = netip.ParseAddr(strings.Trim(s, "[]")); err != nil {
		return netip.Prefix{}, false
	}
	if a.Is4In6() && bits == 129 {
		a = a.Unmap()
	}
	a = a.WithZone("")
	want := r.v6
	if a.Is4() {
		want = r.v4
	}
	n, err := a.Prefix(min(want, bits))
	return n, err == nil
}

// rounded brings a number down to its step; what is no number goes.
func (w *worker) rounded(r *rule, v string) string {
	x, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return ""
	}
	x = math.Floor(x/r.step+1e-9) * r.step
	return w.keep(strconv.AppendFloat(w.buf[:0], x, 'g', 12, 64))
}

// coarseTime brings a time, in RFC 3339, as a date or in Unix seconds, milli- or microseconds, down to its hour, day, month
// or year, UTC; what is no time goes.
func (w *worker) coarseTime(r *rule, v string) string {
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil {
		t, err = time.Parse(time.DateOnly, v)
	}
	if err != nil {
		n, err := strconv.ParseInt(v, 10, 64)
		switch {
		case err != nil || n < 0:
			return ""
		case n < 1e11:
			t = time.Unix(n, 0)
		case n < 1e14:
			t = time.UnixMilli(n)
		case n < 1e17:
			t = time.UnixMicro(n)
		default:
			t = time.Unix(0, n)
		}
	}
	t = t.UTC()
	switch r.to {
	case "hour":
		t = t.Truncate(time.Hour)
	case "day":
		t = time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	case "month":
		t = time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	default:
		t = time.Date(t.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return w.keep(t.AppendFormat(w.buf[:0], time.RFC3339))
}
