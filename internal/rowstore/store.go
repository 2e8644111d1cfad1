package rowstore

import (
	"context"
	"io"
	"time"
)

// Store keeps rows. Write and Writable answer quickly or say why not; readers never wait for writers. All methods may be
// called from several goroutines at once. Errors that a sender or a person may hear are fault.Errors: Unavailable when the
// disk is full or the store cannot write, Limited when it cannot keep up, Invalid for a query that makes no sense, TooLarge
// for one that asks for more than its limits.
type Store interface {
	// Write keeps the batches, all or none of them: when it returns nil the rows are on disk. The store keeps nothing of the
	// batches' memory.
	Write(ctx context.Context, batches ...*Batch) error
	// Writable says why the store would refuse a batch now; nil if it would not.
	Writable() error

	// Find returns whole rows in the order of the query, newest first unless it says otherwise.
	Find(ctx context.Context, q Find) ([]Row, error)
	// Count groups rows and computes numbers of each group.
	Count(ctx context.Context, q Count) (Groups, error)
	// Scan hands over rows in the order that the query names, in chunks whose memory is reused. It stops at the first error
	// that f returns. It is how the past is replayed and how people's paths are followed.
	Scan(ctx context.Context, q Scan, f func([]Row) error) error

	// Attributes names the attributes that rows of a table had in a span, most frequent first, as far as the store knows;
	// columns are not among them.
	Attributes(ctx context.Context, t Table, between Between) ([]string, error)

	// Expire forgets rows that are older than a table's retention allows; classes keep their own. It returns how many bytes
	// of disk were given back.
	Expire(ctx context.Context, now time.Time, keep Keep) (bytes int64, err error)
	// Erase removes every row that matches from all tables until no byte of it is left in the files of the store, and says
	// what was removed. Rows that arrive meanwhile and match are not covered.
	Erase(ctx context.Context, match Expr, progress func(done, of int)) (Erased, error)
	// Export writes rows of a table and a UTC day as one Parquet file with zstd compression, columns as in Columns.
	Export(ctx context.Context, t Table, day time.Time, match Expr, w io.Writer) (rows int64, err error)

	// Stat tells what is kept.
	Stat(ctx context.Context) (Stat, error)
	Close() error
}

// Span of time: From inclusive, To exclusive, Unix microseconds; To 0 means until now.
type Between struct{ From, To int64 }

// Find asks for rows. Limit is 100 unless stated, 10,000 at most.
type Find struct {
	Table Table
	Between
	Where  Expr
	Oldest bool    // oldest first
	After  *Cursor // continue behind this row
	Limit  int
}

// Cursor is a place in an ordered list of rows.
type Cursor struct {
	Time int64
	Skip int // rows of this very microsecond that were handed out before
}

// Count asks for numbers by group. Without Step and By there is one group. Rows count by their weight.
type Count struct {
	Table Table
	Between
	Where Expr
	Step  time.Duration // width of time buckets, aligned to UTC; 0 = one bucket
	By    []string      // fields
	Of    []Aggregate   // what is computed; the rows' weight unless stated
	Top   int           // groups kept, biggest first by the first number; 1,000 unless stated
}

// Aggregate is one number of a group.
type Aggregate struct {
	Kind  string // rows (that happened: their weights added up), stored (rows that are kept), sum, mean, min, max, quantile, unique, share_error, first, last
	Field string // of sum, mean, min, max, quantile and unique
	Q     float64
}

// Groups is the answer of a Count.
type Groups struct {
	By      []string
	Rows    []Group
	Scanned int64 // rows looked at, as far as the engine knows; -1 if it does not
	Cut     bool  // there were more groups
}

// Group is one row of an answer: the bucket's start (Unix microseconds, 0 without Step), the values of By, and the numbers,
// NaN where there is none.
type Group struct {
	At      int64
	Keys    []string
	Numbers []float64
}

// Scan asks for rows in an order. With ByUser rows come ordered by user, then time. Without, received and weight are filled
// whatever the fields are.
type Scan struct {
	Table Table
	Between
	Where  Expr
	ByUser bool
	// With Parts, ByUser hands over the rows of the people of one part of so many, from 0: each person is in one part, each row
	// of nobody too. Rows of one person come together, in order of time, people in any order. Without a user a person is a
	// session, whose rows come together with those of other sessions. The session of rows with a user may be left out.
	Part, Parts int
	Fields      []string // fields that are needed; the others may be left empty. nil: all
	// Tell is up to Tellers of them, whose answers rows have as Told. Fields that only they look at may be left empty.
	Tell []Teller
}

// Keep is how long rows are kept.
type Keep struct {
	Tables  map[Table]time.Duration // 0: for ever
	Classes []Class                 // the first that matches a row rules it
}

// Class is a data class with a retention of its own.
type Class struct {
	Name  string
	Table Table
	Where Expr
	Keep  time.Duration
}

// Erased says what an erasure removed.
type Erased struct {
	Rows  map[Table]int64
	Files int   // files that held them: each was deleted, after what else it held was written into another
	Whole int   // of these, files that held nothing else
	Bytes int64 // size of the files that were deleted
	From  int64 // oldest and newest row removed, Unix microseconds
	To    int64
}

// Stat is what a store keeps.
type Stat struct {
	Tables []TableStat
	Notes  []string // what was found damaged or missing at the start, in sentences
}

// TableStat is what it keeps of one table.
type TableStat struct {
	Table  Table
	Rows   int64
	Bytes  int64 // on disk
	Files  int
	Oldest int64 // Unix microseconds, 0 without rows
	Newest int64
}
