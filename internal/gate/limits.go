package gate

import (
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/storage"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/rowstore"
)

// Limits bound what comes in. Zero means the default, a negative number no bound.
type Limits struct {
	BodyBytes        int64         // of a body as sent; default 16 MB
	DecodedBytes     int64         // of a body unpacked; default 64 MB
	InFlightBytes    int64         // of all bodies that are being taken in; default 256 MB
	Labels           int           // of a series; default 64
	LabelNameBytes   int           // default 512
	LabelValueBytes  int           // default 4,096
	Series           int64         // live, of all sources; default 3,000,000
	SeriesPerSource  int64         // of one sender; default 2,000,000
	SeriesPerTarget  int64         // of one target, for a grant that tells targets apart; default 200,000
	SamplesPerSecond float64       // of one sender; default no bound
	Ahead            time.Duration // how far ahead of our clock a sample or row may be; default 10m

	RowsPerSecond       float64 // of one sender; default no bound
	Attributes          int     // of a row, and of its resource; default 128
	AttributeKeyBytes   int     // default 256
	AttributeValueBytes int     // default 32 KiB
	ColumnBytes         int     // of a row's name, route, user, service and their like; default 4 KiB
	BodyTextBytes       int     // of a row's body; default 256 KiB
	DetailBytes         int     // of a row's detail; default 256 KiB
	// Oldest is how far back a row of a table may lie, which is how long it is kept; 0 is for ever. Nil means 25 months.
	Oldest func(rowstore.Table) time.Duration
}

func (l *Limits) defaults() {
	def(&l.BodyBytes, 16<<20)
	def(&l.DecodedBytes, 64<<20)
	def(&l.InFlightBytes, 256<<20)
	def(&l.Labels, 64)
	def(&l.LabelNameBytes, 512)
	def(&l.LabelValueBytes, 4096)
	def(&l.Series, 3_000_000)
	def(&l.SeriesPerSource, 2_000_000)
	def(&l.SeriesPerTarget, 200_000)
	def(&l.SamplesPerSecond, -1)
	def(&l.Ahead, 10*time.Minute)
	def(&l.RowsPerSecond, -1)
	def(&l.Attributes, 128)
	def(&l.AttributeKeyBytes, 256)
	def(&l.AttributeValueBytes, 32<<10)
	def(&l.ColumnBytes, 4<<10)
	def(&l.BodyTextBytes, 256<<10)
	def(&l.DetailBytes, 256<<10)
}

func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Reason says why something was refused.
type Reason uint8

// The reasons, as they are counted and shown.
const (
	Unauthorized Reason = iota
	BodyTooLarge
	Malformed
	Overload
	Rate
	LabelsInvalid
	LabelCount
	LabelLength
	SeriesTotal
	SeriesOfSource
	TooOld
	Duplicate
	Future
	HistogramInvalid
	ExemplarInvalid
	StoreRefused
	AttributeCount
	AttributeLength
	RowLength
	RowTooOld
	RowFuture
	RowInvalid
	PublicTable
	Privacy
	reasons
)

var reasonNames = [reasons]string{
	"unauthorized", "body_too_large", "malformed", "overload", "rate", "labels_invalid", "label_count", "label_length",
	"series_total", "series_of_source", "too_old", "duplicate", "future", "histogram_invalid", "exemplar_invalid", "store",
	"attribute_count", "attribute_length", "row_length", "row_too_old", "row_future", "row_invalid", "public_table", "privacy",
}

// String returns the name used in counters and answers.
func (r Reason) String() string { return reasonNames[r%reasons] }

// Refusal is the error of one refused sample, exemplar, series or row. Sending it again does not help.
type Refusal struct {
	Reason   Reason
	Sentence string
	cause    error // the library's word for it, which scraping knows how to count
}

func (r *Refusal) Error() string { return r.Sentence }

// Unwrap returns the library's error.
func (r *Refusal) Unwrap() error { return r.cause }

// refusals returns one ready error a reason: a source that is over its limit is refused without an allocation.
func (l *Limits) refusals() (out [reasons]*Refusal) {
	set := func(r Reason, cause error, format string, args ...any) {
		out[r] = &Refusal{Reason: r, Sentence: fmt.Sprintf(format, args...), cause: cause}
	}
	// For the scrape loop a limited series is a sample out of bounds: it drops the sample and keeps the rest of the scrape.
	set(Malformed, storage.ErrOutOfBounds, "the message contradicts itself")
	set(LabelsInvalid, storage.ErrOutOfBounds, "the labels are invalid: want a metric name, UTF-8, and each name once")
	set(LabelCount, storage.ErrOutOfBounds, "the series has more than %d labels", l.Labels)
	set(LabelLength, storage.ErrOutOfBounds, "a label name is longer than %d bytes, or a value longer than %d", l.LabelNameBytes, l.LabelValueBytes)
	set(SeriesTotal, storage.ErrOutOfBounds, "the limit of %d live series is reached", l.Series)
	set(SeriesOfSource, storage.ErrOutOfBounds, "the source's limit of live series is reached (%d a sender, %d a target)", l.SeriesPerSource, l.SeriesPerTarget)
	set(TooOld, storage.ErrTooOldSample, "the sample is older than the out-of-order window")
	set(Duplicate, storage.ErrDuplicateSampleForTimestamp, "another value was accepted for this timestamp; the first stands")
	set(Future, storage.ErrOutOfBounds, "the timestamp is more than %s ahead of our clock", l.Ahead)
	set(HistogramInvalid, storage.ErrOutOfBounds, "the histogram contradicts itself")
	set(ExemplarInvalid, storage.ErrOutOfOrderExemplar, "the exemplar is invalid or out of order")
	set(AttributeCount, nil, "the row or its resource has more than %d attributes", l.Attributes)
	set(AttributeLength, nil, "an attribute's key is longer than %d bytes, or its value longer than %d", l.AttributeKeyBytes, l.AttributeValueBytes)
	set(RowLength, nil, "the row's body is longer than %d bytes, its detail longer than %d, or a name in it longer than %d", l.BodyTextBytes, l.DetailBytes, l.ColumnBytes)
	set(RowTooOld, nil, "the row's time lies before what is kept; want Unix time in the unit that the protocol asks for, and a clock that is set")
	set(RowFuture, nil, "the row's time is more than %s ahead of our clock", l.Ahead)
	set(RowInvalid, nil, "the row's value is not a finite number")
	set(PublicTable, nil, "the public door takes events only, no logs and no spans")
	return out
}

// reasonOf names the store's error; ok is false for errors that are not the sample's own fault.
func reasonOf(err error) (r Reason, ok bool) {
	var he histogram.Error
	var own *Refusal
	switch {
	case errors.As(err, &own):
		return own.Reason, true
	case errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		return Duplicate, true
	case errors.Is(err, storage.ErrTooOldSample), errors.Is(err, storage.ErrOutOfOrderSample), errors.Is(err, storage.ErrOutOfBounds):
		return TooOld, true
	case errors.As(err, &he):
		return HistogramInvalid, true
	case errors.Is(err, storage.ErrOutOfOrderExemplar), errors.Is(err, storage.ErrExemplarLabelLength), errors.Is(err, storage.ErrDuplicateExemplar):
		return ExemplarInvalid, true
	}
	return StoreRefused, false
}

// Busy is an error of the kind Limited that says when to come again.
type Busy struct {
	After time.Duration
	Err   *fault.Error
}

func (b *Busy) Error() string { return b.Err.Error() }

// Unwrap returns the fault.
func (b *Busy) Unwrap() error { return b.Err }
