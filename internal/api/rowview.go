package api

import (
	"strconv"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// view is a row as people read it.
func view(r *rowstore.Row) Row {
	v := Row{
		Time: float64(r.Time) / 1000, Service: r.Service, Env: r.Env, Agency: r.Agency, Version: r.Version, Release: r.Release,
		Source: r.Source, Trust: r.Trust, User: r.User, Session: r.Session, BusinessID: r.Business,
		TraceID: r.Trace.String(), SpanID: r.Span.String(), ParentID: r.Parent.String(), Name: r.Name, Route: r.Route,
		Kind: r.Get("kind"), Level: rowstore.Level(r.Severity), ErrorType: r.ErrorType, Body: r.Body, Detail: r.Detail,
		Weight: float64(r.Weight), Attributes: attributes(r.Attrs), Resource: []Attribute{},
	}
	if r.Kind != 0 || r.Status != 0 {
		v.Status = r.Get("status")
	}
	if r.Kind != 0 || r.Duration != 0 {
		d := float64(r.Duration) / 1e9
		v.Duration = &d
	}
	if r.Value != 0 {
		x := r.Value
		v.Value = &x
	}
	if r.Resource != nil {
		v.Resource = attributes(r.Resource.Attrs)
	}
	return v
}

func views(rs []rowstore.Row) []Row {
	out := make([]Row, len(rs))
	for i := range rs {
		out[i] = view(&rs[i])
	}
	return out
}

func attributes(as []rowstore.Attr) []Attribute {
	out := make([]Attribute, len(as))
	for i, a := range as {
		out[i] = Attribute{a.Key, a.Value}
	}
	return out
}

// cursorAfter is the place behind the last row of a page: its time, and how many rows of that very microsecond were shown.
func cursorAfter(before *rowstore.Cursor, page []rowstore.Row) string {
	last := page[len(page)-1].Time
	skip := 0
	for i := len(page) - 1; i >= 0 && page[i].Time == last; i-- {
		skip++
	}
	if before != nil && before.Time == last && skip == len(page) {
		skip += before.Skip
	}
	return strconv.FormatInt(last, 10) + "." + strconv.Itoa(skip)
}

func cursorOf(s string) (*rowstore.Cursor, error) {
	at, skip, ok := strings.Cut(s, ".")
	t, err1 := strconv.ParseInt(at, 10, 64)
	n, err2 := strconv.Atoi(skip)
	if !ok || err1 != nil || err2 != nil || n < 0 {
		return nil, fault.New(fault.Invalid, "after %q: want the next of the page before", clip(s))
	}
	return &rowstore.Cursor{Time: t, Skip: n}, nil
}
