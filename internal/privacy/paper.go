package privacy

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Text returns the certificate for people. Old ones, which know less, are read too.
func (c Certificate) Text() string {
	var b strings.Builder
	if c.Kind == KindExport {
		fmt.Fprintf(&b, "Receipt of export %d\n\nAsked for %s by %s, ended %s.\n\nHanded out:\n", c.Request, at(c.AskedAt), c.By.ID, at(c.EndedAt))
		c.rows(&b)
		fmt.Fprintf(&b, "\nSHA-256 %s\n", c.Digest)
		return b.String()
	}
	fmt.Fprintf(&b, "Certificate of erasure %d\n\nAsked for %s by %s, ended %s.\n\nRemoved from the row store:\n", c.Request, at(c.AskedAt), c.By.ID, at(c.EndedAt))
	c.rows(&b)
	if c.From != 0 {
		fmt.Fprintf(&b, "  from %s to %s\n", at(c.From), at(c.To))
	}
	c.files(&b)
	if c.Interrupted > 0 {
		fmt.Fprintf(&b, "  The erasure broke off and began again %s; what was removed before that is not counted here.\n", many(int64(c.Interrupted), "time", "times"))
	}
	c.places(&b)
	b.WriteString("\nLooked for:\n")
	for _, s := range c.Searched {
		fmt.Fprintf(&b, "  %s\n", s)
	}
	fmt.Fprintf(&b, "  pseudonyms of %s", many(int64(len(c.Keys)), "key", "keys"))
	if n := len(c.KeysDestroyed); n > 0 {
		fmt.Fprintf(&b, "; %s had been destroyed before", many(int64(n), "key", "keys"))
	}
	b.WriteString("\n  the key that sealed the id for this request was destroyed with its end\n\n")
	if len(c.Left) == 0 {
		b.WriteString("No export had left the house.\n")
	} else {
		b.WriteString("Exports that had left the house, which this does not reach:\n")
		for _, l := range c.Left {
			fmt.Fprintf(&b, "  %s, %s, to %s, %s\n", l.Name, at(l.At), l.To, many(l.Rows, "row", "rows"))
		}
	}
	fmt.Fprintf(&b, "\nSHA-256 %s\n", c.Digest)
	return b.String()
}

func (c Certificate) rows(b *strings.Builder) {
	for _, t := range slices.Sorted(maps.Keys(c.Rows)) {
		fmt.Fprintf(b, "  %s of %s\n", many(c.Rows[t], "row", "rows"), t)
	}
}

// files says what became of the files that held the rows.
func (c Certificate) files(b *strings.Builder) {
	held := "They lay in " + many(int64(c.Files), "file", "files")
	switch {
	case c.Files == 0:
		b.WriteString("  No file held any.\n")
	case c.Forgot == nil: // written before it was known how many were deleted whole
		fmt.Fprintf(b, "  %s, written anew or deleted.\n", held)
	case c.Whole == c.Files:
		fmt.Fprintf(b, "  %s of %s in all, with nothing else in them; all were deleted.\n", held, many(c.Bytes, "byte", "bytes"))
	case c.Whole == 0:
		fmt.Fprintf(b, "  %s of %s in all. What else was in them was written anew without these rows, and they were deleted.\n", held, many(c.Bytes, "byte", "bytes"))
	default:
		fmt.Fprintf(b, "  %s of %s in all. %d held nothing else; what else was in the others was written anew without these rows. All were deleted.\n",
			held, many(c.Bytes, "byte", "bytes"), c.Whole)
	}
}

// places says who else forgot the person.
func (c Certificate) places(b *strings.Builder) {
	if c.Forgot == nil && c.Others > 0 {
		fmt.Fprintf(b, "\nRemoved elsewhere:\n  the pseudonyms, from %s\n", many(int64(c.Others), "other place", "other places"))
		return
	}
	for i, f := range c.Forgot {
		if i == 0 {
			b.WriteString("\nRemoved elsewhere:\n")
		}
		if f.Known == 0 {
			fmt.Fprintf(b, "  nothing from %s, which did not know the person\n", f.Place)
		} else {
			fmt.Fprintf(b, "  %s from %s\n", many(int64(f.Known), "pseudonym", "pseudonyms"), f.Place)
		}
	}
}

// many is a number with its noun; thousands are told apart by commas.
func many(n int64, one, more string) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if n == 1 {
		return s + " " + one
	}
	return s + " " + more
}

func at(ms int64) string { return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05 UTC") }
