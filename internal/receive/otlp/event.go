package otlp

import "github.com/signalbox/signalbox/internal/rowstore"

// happening marks, as the Kind of a log record, a record that is a user event; the column means nothing in both tables.
const happening = 255

// isEvent reports whether a log record says what somebody did: OpenTelemetry calls a record with an event name an event, and it is
// one of a person where it names the person or their session. All others are what a program says of itself.
func isEvent(named bool, r *rowstore.Row) bool {
	return named && (r.User != "" || r.Session != "")
}

// happenings moves the user events of a decoded request into a batch of their own, nil where there is none. Its texts are those of
// the request. Lines that an agent read from a file stay where they are: it hands the logger's name on as the event's.
func (d *rows) happenings() *rowstore.Batch {
	var out *rowstore.Batch
	kept := 0
	for i := range d.batch.Rows {
		r := &d.batch.Rows[i]
		if r.Kind == happening {
			r.Kind = 0
			if !ofFile(r.Resource) {
				if out == nil {
					out = &rowstore.Batch{Table: rowstore.Events}
				}
				if r.Severity >= 17 {
					r.Status = rowstore.StatusError
				}
				r.Severity = 0
				out.Rows = append(out.Rows, *r)
				continue
			}
		}
		if kept != i {
			d.batch.Rows[kept] = *r
		}
		kept++
	}
	d.batch.Rows = d.batch.Rows[:kept]
	return out
}

// ofFile reports whether a resource is a log file.
func ofFile(r *rowstore.Resource) bool {
	if r == nil {
		return false
	}
	for _, a := range r.Attrs {
		if a.Key == "log.file.path" {
			return true
		}
	}
	return false
}
