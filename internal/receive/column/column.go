// Package column knows which attributes are columns of a row and which stay attributes. All receivers of rows ask it, so that
// `user.id` is the same column in a log record, a span and an event. It keeps nothing but the names.
package column

import "github.com/signalbox/signalbox/internal/rowstore"

// Column is one of the columns that attributes fill.
type Column uint8

// The columns; None stands for an attribute that stays one.
const (
	None Column = iota
	Service
	Env
	Agency
	Version
	Release
	User
	Session
	Business
	Route
	ErrorType
	columns
)

// DefaultBusinessIDs are the attributes that name the case, payment or other thing a row belongs to, the first one first.
func DefaultBusinessIDs() []string {
	return []string{"business.id", "case.id", "filing.id", "payment.id", "order.id", "transaction.id"}
}

// names lists the attributes of each column, in the order in which they win. The names are OpenTelemetry's semantic
// conventions, former ones included.
func names(businessIDs []string) map[Column][]string {
	return map[Column][]string{
		Service:   {"service.name"},
		Env:       {"deployment.environment.name", "deployment.environment", "env"},
		Agency:    {"agency"},
		Version:   {"service.version"},
		Release:   {"release", "feature_flag.key"},
		User:      {"enduser.id", "user.id"},
		Session:   {"session.id"},
		Business:  businessIDs,
		Route:     {"http.route"},
		ErrorType: {"error.type", "exception.type"},
	}
}

// Map finds the column of an attribute. It is immutable.
type Map struct {
	of    map[string]place
	marks [4]uint64 // what the names' lengths and ends look like: most other keys do not look like any
}

type place struct {
	column Column
	rank   uint8 // a smaller one wins
}

// New returns the map with these names for the business id; none means the default ones. At most 200 count.
func New(businessIDs []string) *Map {
	if len(businessIDs) == 0 {
		businessIDs = DefaultBusinessIDs()
	}
	m := &Map{of: map[string]place{}}
	for c, list := range names(businessIDs[:min(len(businessIDs), 200)]) {
		for i, n := range list {
			if _, taken := m.of[n]; taken && c == Business {
				continue // a name of another column stays with it
			}
			m.of[n] = place{c, uint8(i + 1)}
			k := markOf(n)
			m.marks[k>>6] |= 1 << (k & 63)
		}
	}
	return m
}

// markOf is made of the length, the first and the last byte of a name.
func markOf(name string) uint8 {
	if name == "" {
		return 0
	}
	return uint8(len(name))*37 + name[0]*11 + name[len(name)-1]
}

// Of returns the column of an attribute and its rank: of two attributes for one column the smaller rank wins.
func (m *Map) Of(key string) (c Column, rank uint8) {
	if k := markOf(key); m.marks[k>>6]&(1<<(k&63)) == 0 {
		return None, 0
	}
	p := m.of[key]
	return p.column, p.rank
}

// In returns the row's column; not of None.
func (c Column) In(r *rowstore.Row) *string {
	switch c {
	case Service:
		return &r.Service
	case Env:
		return &r.Env
	case Agency:
		return &r.Agency
	case Version:
		return &r.Version
	case Release:
		return &r.Release
	case User:
		return &r.User
	case Session:
		return &r.Session
	case Business:
		return &r.Business
	case Route:
		return &r.Route
	default:
		return &r.ErrorType
	}
}
