// Package search reads the language in which people look for rows:
//
//	timeout                    the text anywhere: in body, name, route, error type or a value of an attribute; case does not count
//	"connection refused"       the exact words, anywhere
//	service:intake             a field is a value
//	-service:portal            is not; - and NOT stand before anything
//	service:*                  has the field
//	http.status_code:5*        begins with; * may stand anywhere
//	body:*refused*             contains, case does not count
//	name:~"GET /v[12]/.*"      a regular expression (RE2) that fits the whole value
//	level:>=warn               levels have an order
//	duration:>2s               ns us ms s m h d; also for attributes, in seconds
//	size:>10MB                 B kB MB GB TB KiB MiB GiB TiB, in bytes
//	time:>=2026-11-21T10:00Z   times in UTC
//	a b, a AND b, a OR b, (a OR b) c
//	4bf92f3577b34da6a3ce929d0e0e4736, or a traceparent: the rows of a trace
//
// AND binds tighter than OR; the words AND, OR and NOT are upper case. A quoted text takes the escapes of a Go string. The
// package parses and completes; it runs nothing. rowstore.Expr prints itself in this language.
package search

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// The bounds of a search.
const (
	maxLength = 8192 // bytes
	maxDepth  = 64   // brackets and negations within one another
	maxTerms  = 256
)

// Mistake says where a search cannot be read.
type Mistake struct {
	At    int    // the character it begins at, counted from 1
	Found string // what stood there; empty at the end
	Want  string // what would be accepted
}

// Error says it in one sentence.
func (m *Mistake) Error() string {
	if m.Found == "" {
		return fmt.Sprintf("search: at its end: want %s", m.Want)
	}
	return fmt.Sprintf("search: %q at character %d: want %s", m.Found, m.At, m.Want)
}

// MistakeOf returns the mistake that an error of Parse tells of.
func MistakeOf(err error) (*Mistake, bool) {
	var m *Mistake
	return m, errors.As(err, &m)
}

// Parse reads a search; nothing but spaces is everything. Errors are fault.Invalid and wrap a *Mistake.
func Parse(text string) (rowstore.Expr, error) {
	e, err := parse(text)
	if err != nil {
		m, ok := MistakeOf(err)
		if ok && m.At > 0 { // so far a byte offset + 1
			m.At = utf8.RuneCountInString(text[:min(m.At-1, len(text))]) + 1
		}
		return rowstore.Expr{}, &fault.Error{Kind: fault.Invalid, Sentence: err.Error(), Err: err}
	}
	return e, nil
}

func parse(text string) (rowstore.Expr, error) {
	if len(text) > maxLength {
		return rowstore.Expr{}, &Mistake{At: 1, Found: short(text), Want: fmt.Sprintf("at most %d bytes, not %d", maxLength, len(text))}
	}
	if !utf8.ValidString(text) {
		return rowstore.Expr{}, &Mistake{At: 1, Found: short(strings.ToValidUTF8(text, "\ufffd")), Want: "text in UTF-8"}
	}
	tokens, err := scan(text)
	if err != nil {
		return rowstore.Expr{}, err
	}
	p := &parser{tokens: tokens}
	if p.peek().kind == end {
		return rowstore.Everything, nil
	}
	e, err := p.or(0)
	if err != nil {
		return rowstore.Expr{}, err
	}
	if t := p.peek(); t.kind != end {
		return rowstore.Expr{}, p.mistake(`a word, "quoted words", field:value, OR or the end; there is no ( that it closes`)
	}
	return e, nil
}

type parser struct {
	tokens []token
	i      int
	terms  int
}

func (p *parser) peek() token { return p.tokens[p.i] }

func (p *parser) take(k kind) bool {
	if p.peek().kind != k {
		return false
	}
	p.i++
	return true
}

func (p *parser) mistake(want string) error {
	t := p.peek()
	return &Mistake{At: t.at + 1, Found: short(t.text), Want: want}
}

// or reads terms joined by OR.
func (p *parser) or(depth int) (rowstore.Expr, error) {
	var es []rowstore.Expr
	for {
		e, err := p.and(depth)
		if err != nil {
			return e, err
		}
		es = append(es, e)
		if !p.take(orWord) {
			break
		}
	}
	if len(es) == 1 {
		return es[0], nil
	}
	return rowstore.Expr{Or: es}, nil
}

// and reads terms that stand beside one another.
func (p *parser) and(depth int) (rowstore.Expr, error) {
	var es []rowstore.Expr
	for {
		e, err := p.not(depth)
		if err != nil {
			return e, err
		}
		es = append(es, e)
		if p.take(andWord) {
			continue
		}
		if k := p.peek().kind; k == end || k == closing || k == orWord {
			break
		}
	}
	if len(es) == 1 {
		return es[0], nil
	}
	return rowstore.Expr{And: es}, nil
}

func (p *parser) not(depth int) (rowstore.Expr, error) {
	if depth >= maxDepth {
		return rowstore.Expr{}, p.mistake(fmt.Sprintf("at most %d brackets and negations within one another", maxDepth))
	}
	if p.take(notWord) {
		bare := p.peek().kind == term
		e, err := p.not(depth + 1)
		if m := e.Match; bare && m != nil { // -field:value has an operator of its own
			switch m.Op {
			case rowstore.Equal:
				return rowstore.Expr{Match: &rowstore.Match{Field: m.Field, Op: rowstore.NotEqual, Value: m.Value}}, err
			case rowstore.Matches:
				return rowstore.Expr{Match: &rowstore.Match{Field: m.Field, Op: rowstore.NoMatch, Value: m.Value}}, err
			}
		}
		return rowstore.Expr{Not: &e}, err
	}
	if p.take(opening) {
		e, err := p.or(depth + 1)
		if err == nil && !p.take(closing) {
			err = p.mistake("a ) for the ( before it")
		}
		return e, err
	}
	t := p.peek()
	if t.kind != term {
		return rowstore.Expr{}, p.mistake(`a word, "quoted words", field:value, - or (`)
	}
	if p.terms++; p.terms > maxTerms {
		return rowstore.Expr{}, p.mistake(fmt.Sprintf("at most %d terms", maxTerms))
	}
	p.i++
	return t.expr()
}

// short bounds what a mistake repeats.
func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
