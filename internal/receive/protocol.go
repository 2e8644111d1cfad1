package receive

import (
	"mime"
	"net/http"
	"strings"

	"github.com/signalbox/signalbox/internal/fault"
)

// version is one of the two messages that may come.
type version uint8

const (
	version1 version = iota // prometheus.WriteRequest
	version2                // io.prometheus.write.v2.Request
)

const (
	message1 = "prometheus.WriteRequest"
	message2 = "io.prometheus.write.v2.Request"
)

// unsupported is the error that lets a sender fall back to the other version.
type unsupported struct{ err *fault.Error }

func (u *unsupported) Error() string { return u.err.Error() }
func (u *unsupported) Unwrap() error { return u.err }

// protocol reads the headers: which message it is, and whether we can unpack it.
func protocol(h http.Header) (version, error) {
	if enc := h.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "snappy") {
		return 0, &unsupported{fault.New(fault.Invalid, "Content-Encoding %q: want snappy (block format)", enc)}
	}
	ct := h.Get("Content-Type")
	switch ct {
	case "", "application/x-protobuf", "application/x-protobuf;proto=" + message1:
		return version1, nil
	case "application/x-protobuf;proto=" + message2:
		return version2, nil
	}
	media, params, err := mime.ParseMediaType(ct)
	if err == nil && media == "application/x-protobuf" {
		switch params["proto"] {
		case "", message1:
			return version1, nil
		case message2:
			return version2, nil
		}
	}
	return 0, &unsupported{fault.New(fault.Invalid, "Content-Type %q: want application/x-protobuf with proto=%s or proto=%s", ct, message1, message2)}
}
