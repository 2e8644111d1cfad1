package search

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind uint8

const (
	end kind = iota
	term
	opening
	closing
	notWord
	andWord
	orWord
)

// token is a bracket, a word that joins, or a term: a text, or a field with what it is compared with.
type token struct {
	kind  kind
	at    int    // byte offset
	text  string // as it stands
	field string
	named bool    // field: stands before the value
	op    string  // ~ > >= < <= or nothing
	value []piece // quoted and bare parts, as they follow one another
	valAt int     // byte offset of what follows the colon
}

// piece is a part of a value. In a quoted one a star is a star.
type piece struct {
	text   string
	quoted bool
}

func scan(text string) ([]token, error) {
	var out []token
	for i := 0; ; {
		for i < len(text) {
			r, n := utf8.DecodeRuneInString(text[i:])
			if !unicode.IsSpace(r) {
				break
			}
			i += n
		}
		if i == len(text) {
			return append(out, token{kind: end, at: i}), nil
		}
		t := token{at: i, text: text[i : i+1]}
		switch text[i] {
		case '(':
			t.kind = opening
		case ')':
			t.kind = closing
		case '-':
			t.kind = notWord
		default:
			n, err := t.scanTerm(text, i)
			if err != nil {
				return nil, err
			}
			t.text, i = text[i:n], n-1
		}
		i++
		out = append(out, t)
	}
}

// scanTerm reads a term that begins at i and returns where it ends.
func (t *token) scanTerm(text string, i int) (int, error) {
	t.kind = term
	start := i
	first, i, err := scanPiece(text, i, true)
	if err != nil {
		return 0, err
	}
	field := i < len(text) && text[i] == ':' && !strings.HasPrefix(text[i:], "://") && (first.quoted || nameLike(first.text))
	if !field {
		switch word := text[start:i]; word {
		case "AND":
			t.kind = andWord
		case "OR":
			t.kind = orWord
		case "NOT":
			t.kind = notWord
		}
		if t.kind != term {
			return i, nil
		}
		// Not a field: colons belong to the word, as in 12:30:45 and http://host.
		t.value, i, err = scanPieces(text, start)
		return i, err
	}
	t.field, t.named = first.text, true
	i++
	t.valAt = i
	for _, op := range []string{">=", "<=", ">", "<", "~"} {
		if strings.HasPrefix(text[i:], op) {
			t.op = op
			i += len(op)
			break
		}
	}
	t.value, i, err = scanPieces(text, i)
	return i, err
}

func scanPieces(text string, i int) ([]piece, int, error) {
	var out []piece
	for i < len(text) {
		p, n, err := scanPiece(text, i, false)
		if err != nil {
			return nil, 0, err
		}
		if n == i {
			break
		}
		out, i = append(out, p), n
	}
	return out, i, nil
}

// scanPiece reads a quoted text, or bare characters up to a space, bracket or quote, and up to a colon where that ends it.
func scanPiece(text string, i int, colon bool) (piece, int, error) {
	if text[i] == '"' {
		for n := i + 1; n < len(text); n++ {
			switch text[n] {
			case '\\':
				n++
			case '"':
				s, err := strconv.Unquote(strings.ReplaceAll(text[i:n+1], "\n", `\n`))
				if err != nil {
					return piece{}, 0, &Mistake{At: i + 1, Found: short(text[i : n+1]), Want: `a quoted text in which \" is a quote and \\ a backslash`}
				}
				return piece{s, true}, n + 1, nil
			}
		}
		return piece{}, 0, &Mistake{At: i + 1, Found: short(text[i:]), Want: `a " at the end of the quoted text`}
	}
	n := i
	for n < len(text) {
		r, size := utf8.DecodeRuneInString(text[n:])
		if unicode.IsSpace(r) || r == '(' || r == ')' || r == '"' || colon && r == ':' {
			break
		}
		n += size
	}
	return piece{text: text[i:n]}, n, nil
}

// nameLike reports whether a bare word can be a field's name: it begins with a letter or _, or is the star.
func nameLike(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return s == "*" || unicode.IsLetter(r) || r == '_'
}
