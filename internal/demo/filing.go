package demo

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Reasons for which a filing is rejected: the label values of filings_rejected_total.
const (
	reasonSchema    = "schema"
	reasonIdentity  = "identity"
	reasonPriorAGI  = "prior_year_agi"
	reasonDuplicate = "duplicate"
)

// filing is a return as the taxpayers' software sends it. Taxpayers are numbered; no field looks like a real person's.
type filing struct {
	Number      int64  `json:"number"`
	Form        string `json:"form"`
	TaxYear     int    `json:"tax_year"`
	Taxpayer    string `json:"taxpayer"`
	NameControl string `json:"name_control"`
	PriorAGI    int64  `json:"prior_year_agi"` // whole dollars

	// DateAcquired is line 1, column b, of form 8949, for those who sold property; empty for the others.
	DateAcquired string `json:"form_8949_1b,omitempty"`

	// Of those who file in their browser.
	User    string `json:"user,omitempty"`
	Session string `json:"session,omitempty"`
	Senior  bool   `json:"senior,omitempty"`  // files with 1040-SR
	Release string `json:"release,omitempty"` // of the form that was filled in
}

// id is the filing's business id, by which everything that is said of it is joined.
func (f filing) id() string { return "F-" + strconv.FormatInt(f.Number, 10) }

// form is what people call it.
func (f filing) form() string {
	switch {
	case f.DateAcquired != "":
		return form8949
	case f.Senior:
		return form1040SR
	}
	return form1040
}

// channel is how it came.
func (f filing) channel() string {
	if f.User != "" {
		return "web"
	}
	return "transmitter"
}

// answer is what each of the services says about a filing.
type answer struct {
	Status  string `json:"status"` // accepted, rejected, failed
	Reason  string `json:"reason,omitempty"`
	Receipt string `json:"receipt,omitempty"`
}

const (
	accepted = "accepted"
	rejected = "rejected"
	failed   = "failed"
)

const (
	taxYear = 2025

	// gainsEvery is how many filings of the transmitters have one that declares gains from property which was bought at
	// various times. Form 8949 allows the word in the place of a date.
	gainsEvery = 8
	various    = "VARIOUS"

	// mistakeEvery is how many filings have one with a mistake.
	mistakeEvery = 40

	// healthyShare is the share of filings that a healthy portal accepts: all without a mistake, bar the rare mishap.
	healthyShare = 1 - 1.0/mistakeEvery - 1.0/mishapEvery
)

// newFiling is the filing with this number. One in mistakeEvery has a mistake of the kind that people make.
func newFiling(number int64) filing {
	f := filing{Number: number, Form: "1040", TaxYear: taxYear, Taxpayer: taxpayer(number)}
	f.NameControl, f.PriorAGI = nameControl(f.Taxpayer), priorAGI(f.Taxpayer)
	if drawn(number, gainsEvery, "capital gains") {
		f.DateAcquired = various
	}
	if !drawn(number, mistakeEvery, "mistake") {
		return f
	}
	switch hash(number, "kind") % 10 {
	case 0, 1:
		f.TaxYear = 25
	case 2, 3, 4, 5:
		f.NameControl = "ZZZZ"
	case 6, 7:
		f.PriorAGI++
	default:
		if number > 3 {
			f.Taxpayer = taxpayer(number - 3)
			f.NameControl, f.PriorAGI = nameControl(f.Taxpayer), priorAGI(f.Taxpayer)
		}
	}
	return f
}

// check is the work of the validate service: the reason to reject the filing, or "".
func (f filing) check() string {
	switch {
	case f.Form != "1040", f.TaxYear != taxYear, !strings.HasPrefix(f.Taxpayer, "T-"), f.PriorAGI < 0:
		return reasonSchema
	case f.NameControl != nameControl(f.Taxpayer):
		return reasonIdentity
	case f.PriorAGI != priorAGI(f.Taxpayer):
		return reasonPriorAGI
	}
	return ""
}

func taxpayer(number int64) string { return fmt.Sprintf("T-%09d", number) }

// nameControl and priorAGI stand for the directory in which the validate service looks a taxpayer up.
func nameControl(taxpayer string) string {
	h := hash(0, taxpayer)
	var b [4]byte
	for i := range b {
		b[i] = 'A' + byte(h%25) // never Z
		h /= 25
	}
	return string(b[:])
}

func priorAGI(taxpayer string) int64 { return 12_000 + int64(hash(1, taxpayer)%180_000) }

// schemaError is what intake 4.2 throws at a filing.
const schemaError = "SchemaValidationError"

// oldSchema and newSchema read line 1b of form 8949: release 4.2 forgot that it need not hold a date.
func oldSchema(f filing) error {
	if f.DateAcquired == various {
		return nil
	}
	return newSchema(f)
}

func newSchema(f filing) error {
	if f.DateAcquired == "" {
		return nil
	}
	if _, err := time.Parse("01/02/2006", f.DateAcquired); err != nil {
		return errSchema
	}
	return nil
}

var errSchema = errors.New(`schema validation failed: form 8949 line 1b: date acquired "VARIOUS" is not a date`)
