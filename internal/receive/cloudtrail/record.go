package cloudtrail

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/ledger"
)

// record is what we read of a CloudTrail record (AWS CloudTrail User Guide, record contents). requestParameters may hold
// anything that a caller sent, secrets too: of them only the name of a resource is taken.
type record struct {
	EventID     string    `json:"eventID"`
	EventTime   time.Time `json:"eventTime"`
	EventName   string    `json:"eventName"`
	EventSource string    `json:"eventSource"`
	EventType   string    `json:"eventType"`
	ReadOnly    *flag     `json:"readOnly"`
	Region      string    `json:"awsRegion"`
	Account     string    `json:"recipientAccountId"`
	SourceIP    string    `json:"sourceIPAddress"`
	RequestID   string    `json:"requestID"`
	ErrorCode   string    `json:"errorCode"`
	Identity    identity  `json:"userIdentity"`
	Resources   []struct {
		ARN  string `json:"ARN"`
		Name string `json:"resourceName"`
	} `json:"resources"`
	Parameters json.RawMessage `json:"requestParameters"`
}

type identity struct {
	Type      string `json:"type"`
	UserName  string `json:"userName"`
	ARN       string `json:"arn"`
	Principal string `json:"principalId"`
	Account   string `json:"accountId"`
	InvokedBy string `json:"invokedBy"`
	Session   struct {
		Issuer struct {
			UserName string `json:"userName"`
		} `json:"sessionIssuer"`
	} `json:"sessionContext"`
}

// flag is true or false, as a word or, in old versions of the record, as a text.
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(b []byte) error {
	switch strings.Trim(string(b), `"`) {
	case "true":
		*f = true
	case "false", "null":
		*f = false
	default:
		return fmt.Errorf("readOnly is %.40s: want true or false", b)
	}
	return nil
}

// readVerbs begin the names of events that only read; a record of before 2014 does not say so itself.
var readVerbs = []string{"Get", "List", "Describe", "Head", "Lookup", "Search", "Query", "Scan", "Select", "BatchGet", "View", "Test", "Check", "Validate", "Simulate"}

func (r *record) readsOnly() bool {
	if r.ReadOnly != nil {
		return bool(*r.ReadOnly)
	}
	return slices.ContainsFunc(readVerbs, func(v string) bool { return strings.HasPrefix(r.EventName, v) })
}

// record makes a mark of one record.
func (r *Reader) record(ctx context.Context, body []byte, n *counts) error {
	var x record
	if err := json.Unmarshal(body, &x); err != nil {
		return bad("%v", err)
	}
	switch {
	case x.EventName == "":
		return bad("eventName is missing")
	case x.EventTime.IsZero():
		return bad("eventTime is missing")
	}
	if x.readsOnly() && !r.o.Reads {
		n.readOnly++
		return nil
	}
	m := x.mark(body)
	if err := r.o.Sink(ctx, m); err != nil {
		if fault.KindOf(err) == fault.Invalid {
			return bad("%v", err)
		}
		return err
	}
	n.marks++
	return nil
}

// mark says what happened in the words of the page.
func (r *record) mark(body []byte) ledger.Mark {
	id := r.EventID
	if id == "" {
		sum := sha256.Sum256(body)
		id = hex.EncodeToString(sum[:16])
	}
	m := ledger.Mark{
		ID: "cloudtrail-" + cut(id, 150), At: r.EventTime.UnixMilli(), Letter: "C", Title: r.EventName, Actor: cut(r.Identity.name(), 300),
		Source: cut(r.EventSource, 300), Labels: map[string]string{},
	}
	if what := r.resource(); what != "" {
		m.Title += " " + what
	}
	if r.ErrorCode != "" {
		m.Title += " (failed: " + r.ErrorCode + ")"
	}
	m.Title = cut(m.Title, 300)
	for k, v := range map[string]string{"aws_account": cmp.Or(r.Account, r.Identity.Account), "aws_region": r.Region} {
		if v != "" {
			m.Labels[k] = cut(v, 300)
		}
	}
	var detail []string
	for _, part := range [][2]string{{"type", r.EventType}, {"identity", r.Identity.Type}, {"from", r.SourceIP}, {"request", r.RequestID}} {
		if part[1] != "" {
			detail = append(detail, part[0]+" "+part[1])
		}
	}
	m.Detail = cut(strings.Join(detail, ", "), 2000)
	return m
}

// name is who did it, as people know them.
func (i identity) name() string {
	_, session, _ := strings.Cut(i.Principal, ":")
	if role := i.Session.Issuer.UserName; role != "" && session != "" {
		return role + "/" + session
	}
	last := i.ARN[strings.LastIndexByte(i.ARN, ':')+1:]
	return cmp.Or(i.UserName, i.Session.Issuer.UserName, last, i.InvokedBy, i.Principal, i.Type)
}

// resource is what it was done to: the record's own resource, or the first of the request's parameters that names one.
func (r *record) resource() string {
	for _, x := range r.Resources {
		if name := cmp.Or(lastOfARN(x.ARN), x.Name); name != "" {
			return name
		}
	}
	var parameters map[string]any
	if json.Unmarshal(r.Parameters, &parameters) != nil { // null, or something else: there is no name in it
		return ""
	}
	for _, suffix := range []string{"name", "arn", "id"} {
		for _, k := range slices.Sorted(maps.Keys(parameters)) {
			if v, ok := parameters[k].(string); ok && v != "" && strings.HasSuffix(strings.ToLower(k), suffix) {
				return cmp.Or(lastOfARN(v), v)
			}
		}
	}
	return ""
}

// lastOfARN is the resource in arn:partition:service:region:account:resource.
func lastOfARN(s string) string {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return ""
	}
	return parts[5]
}

// cut bounds a text at a rune's border.
func cut(s string, n int) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= n {
		return s
	}
	for n -= len("…"); !utf8.RuneStart(s[n]); n-- {
	}
	return s[:n] + "…"
}
