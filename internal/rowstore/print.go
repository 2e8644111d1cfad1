package rowstore

import "strings"

// String returns the expression in the form that the search language reads.
func (e Expr) String() string {
	switch {
	case e.Match != nil:
		return e.Match.String()
	case e.Not != nil:
		if m := e.Not.Match; m != nil && (m.Op == Equal || m.Op == Matches) {
			return "-(" + m.String() + ")" // without them it reads as NotEqual and NoMatch
		}
		return "-" + e.Not.inner()
	case len(e.Or) > 0:
		return join(e.Or, " OR ")
	default:
		return join(e.And, " ")
	}
}

func join(es []Expr, by string) string {
	parts := make([]string, len(es))
	for i, x := range es {
		parts[i] = x.inner()
	}
	return strings.Join(parts, by)
}

// inner returns the expression as a part of another.
func (e Expr) inner() string {
	switch {
	case e.IsEverything():
		return "*"
	case len(e.And) > 0 || len(e.Or) > 0:
		return "(" + e.String() + ")"
	default:
		return e.String()
	}
}
