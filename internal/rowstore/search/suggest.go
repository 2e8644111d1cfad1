package search

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/signalbox/signalbox/internal/rowstore"
)

// Suggestion is a way to go on typing: Text takes the place of the bytes From to To of the search.
type Suggestion struct {
	From, To int
	Text     string
	Doc      string
}

const maxSuggestions = 50

// Suggest completes the word at the cursor, a byte offset: names of fields, then values. fields are known beside the columns
// (attributes); values returns values of a field that begin with a text, most frequent first, and may be nil.
func Suggest(text string, cursor int, fields []rowstore.Field, values func(field, prefix string) []string) []Suggestion {
	cursor = max(0, min(cursor, len(text)))
	if inQuotes(text[:cursor]) {
		return nil
	}
	from := wordStart(text[:cursor])
	word := text[from:cursor]
	if strings.HasPrefix(word, "-") {
		from, word = from+1, word[1:]
	}
	var out []Suggestion
	if field, part, ok := strings.Cut(word, ":"); ok {
		op := part[:len(part)-len(strings.TrimLeft(part, "<>=~"))]
		part = part[len(op):]
		at := cursor - len(part)
		offered := choices(field)
		if offered == nil && values != nil && op == "" {
			offered = values(field, part)
		}
		for _, v := range offered {
			if hasPrefixFold(v, part) && len(out) < maxSuggestions {
				out = append(out, Suggestion{From: at, To: cursor, Text: valueText(field, v) + " "})
			}
		}
		return out
	}
	seen := map[string]bool{}
	for _, f := range slices.Concat(rowstore.Fields(), fields) {
		if hasPrefixFold(f.Name, word) && !seen[f.Name] && len(out) < maxSuggestions {
			seen[f.Name] = true
			name, _, _ := strings.Cut(rowstore.Expr{Match: &rowstore.Match{Field: f.Name, Op: rowstore.Exists}}.String(), ":*")
			out = append(out, Suggestion{From: from, To: cursor, Text: name + ":", Doc: f.Doc})
		}
	}
	return out
}

func valueText(field, value string) string {
	return strings.TrimPrefix(rowstore.Is(field, value).String(), rowstore.Is(field, "x").String()[:len(rowstore.Is(field, "x").String())-1])
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func inQuotes(s string) bool {
	in := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			in = !in
		case s[i] == '\\' && in:
			i++
		}
	}
	return in
}

// wordStart returns where the last word of a text begins.
func wordStart(s string) int {
	for i := len(s); i > 0; {
		r, n := utf8.DecodeLastRuneInString(s[:i])
		if unicode.IsSpace(r) || r == '(' || r == ')' {
			return i
		}
		i -= n
	}
	return 0
}
