package rowstore

// Tellers is how many tellers a scan may have.
const Tellers = 3

// Teller computes a number of each row that is handed over from a few of its fields, of which the answer must follow: a store may
// ask once for values that come together in many rows, and in any order. It asks from one goroutine.
type Teller struct {
	Fields []string // that Of looks at; nil: all
	Of     func(*Row) uint32
}

// All is the fields that rows must have in memory for the scan and for its tellers; nil: all.
func (q *Scan) All() []string {
	out := q.Fields
	for _, t := range q.Tell {
		if out == nil || t.Fields == nil {
			return nil
		}
		out = append(out[:len(out):len(out)], t.Fields...)
	}
	return out
}

// Told asks the tellers about each row, for stores that know no shorter way.
func (q *Scan) Told(rows []Row) {
	for n, t := range q.Tell {
		for i := range rows {
			rows[i].Told[n] = t.Of(&rows[i])
		}
	}
}
