// Package fault is the house's word for something that went wrong: a kind that a caller can decide on, a sentence that a
// person can read, and the way out where one is known. Everything without a kind is an internal error: complete in the log,
// "internal error" outside.
package fault

import (
	"errors"
	"fmt"
	"net/http"
)

// Kind says what a caller can do about an error.
type Kind string

// The kinds, each with one HTTP status (see Status).
const (
	Invalid      Kind = "invalid"      // the request or file is wrong; sending it again does not help
	NotFound     Kind = "not_found"    // the thing named does not exist
	Conflict     Kind = "conflict"     // the state moved on, or the name is taken
	Unauthorized Kind = "unauthorized" // nobody is signed in
	Forbidden    Kind = "forbidden"    // signed in, and not allowed
	TooLarge     Kind = "too_large"    // a body, a row or a set beyond its bound
	Limited      Kind = "limited"      // too many at once; try again later
	Unavailable  Kind = "unavailable"  // a store or peer is away; try again later
	Internal     Kind = "internal"     // our own mistake
)

// Error is an error that a person may see.
type Error struct {
	Kind     Kind
	Sentence string // what is wrong, naming the key, the value and what would be accepted
	WayOut   string // what to do about it; empty if we do not know
	Err      error  // the cause, for the log only
}

// Error returns the sentence and, where there is one, the way out.
func (e *Error) Error() string {
	if e.WayOut == "" {
		return e.Sentence
	}
	return e.Sentence + ". " + e.WayOut
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of a kind with a formatted sentence; %w wraps a cause.
func New(kind Kind, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Kind: kind, Sentence: err.Error(), Err: errors.Unwrap(err)}
}

// Hint returns a copy of e with a way out.
func (e *Error) Hint(format string, args ...any) *Error {
	c := *e
	c.WayOut = fmt.Sprintf(format, args...)
	return &c
}

// KindOf returns the kind of the first *Error in err's chain, or Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Outside returns the sentence that may be shown to a stranger: the *Error's own, or "internal error".
func Outside(err error) string {
	var e *Error
	if errors.As(err, &e) && e.Kind != Internal {
		return e.Error()
	}
	return "internal error"
}

// Status returns the HTTP status of a kind.
func Status(k Kind) int {
	switch k {
	case Invalid:
		return http.StatusBadRequest
	case NotFound:
		return http.StatusNotFound
	case Conflict:
		return http.StatusConflict
	case Unauthorized:
		return http.StatusUnauthorized
	case Forbidden:
		return http.StatusForbidden
	case TooLarge:
		return http.StatusRequestEntityTooLarge
	case Limited:
		return http.StatusTooManyRequests
	case Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}
