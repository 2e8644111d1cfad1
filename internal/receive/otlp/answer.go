package otlp

import (
	"encoding/binary"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/signalbox/signalbox/internal/fault"
	"github.com/signalbox/signalbox/internal/receive/wire"
)

// answer speaks the type of the request.
type answer struct {
	w      http.ResponseWriter
	signal signal
	json   bool
}

// success answers 200. Without refusals and warnings the partial success is unset.
func (a answer) success(r result) {
	if a.json {
		a.write(http.StatusOK, r.json(a.signal))
		return
	}
	a.write(http.StatusOK, r.proto())
}

// proto is an Export*ServiceResponse: partial_success = 1 of {rejected = 1, error_message = 2}.
func (r result) proto() []byte {
	if r == (result{}) {
		return nil
	}
	var p []byte
	if r.rejected > 0 {
		p = append(p, 1<<3|wire.Varint)
		p = binary.AppendUvarint(p, uint64(r.rejected))
	}
	if r.why != "" {
		p = append(p, 2<<3|wire.Length)
		p = binary.AppendUvarint(p, uint64(len(r.why)))
		p = append(p, r.why...)
	}
	out := binary.AppendUvarint([]byte{1<<3 | wire.Length}, uint64(len(p)))
	return append(out, p...)
}

// json is the same in JSON; 64-bit numbers are strings there.
func (r result) json(s signal) []byte {
	if r == (result{}) {
		return []byte("{}")
	}
	out := []byte(`{"partialSuccess":{`)
	if r.rejected > 0 {
		out = append(append(append(out, '"'), s.rejected()...), `":"`...)
		out = append(strconv.AppendInt(out, r.rejected, 10), '"')
	}
	if r.why != "" {
		if r.rejected > 0 {
			out = append(out, ',')
		}
		out = quote(append(out, `"errorMessage":`...), r.why)
	}
	return append(out, "}}"...)
}

// failure answers with a google.rpc.Status; after says when to come again, 0 that it does not help.
func (a answer) failure(code int, err error, after time.Duration) {
	if after > 0 {
		a.w.Header().Set("Retry-After", strconv.Itoa(int((after+time.Second-1)/time.Second)))
	}
	st := explain(err, after).Proto()
	var b []byte
	if a.json {
		b, err = protojson.Marshal(st)
	} else {
		b, err = proto.Marshal(st)
	}
	if err != nil {
		b = nil // the status says enough
	}
	a.write(code, b)
}

func (a answer) write(code int, b []byte) {
	t := typeProto
	if a.json {
		t = typeJSON
	}
	a.w.Header().Set("Content-Type", t)
	a.w.Header().Set("Content-Length", strconv.Itoa(len(b)))
	a.w.WriteHeader(code)
	_, _ = a.w.Write(b)
}

// explain turns an error into a status with what a sender may hear: a BadRequest for what it did wrong, a RetryInfo if it
// should come again. A gRPC client tries UNAVAILABLE again, and RESOURCE_EXHAUSTED only with a RetryInfo.
func explain(err error, after time.Duration) *status.Status {
	code := codes.Unavailable
	switch fault.KindOf(err) {
	case fault.Invalid:
		code = codes.InvalidArgument
	case fault.Unauthorized:
		code = codes.Unauthenticated
	case fault.Forbidden:
		code = codes.PermissionDenied
	case fault.TooLarge, fault.Limited:
		code = codes.ResourceExhausted
	case fault.NotFound:
		code = codes.NotFound
	case fault.Conflict:
		code = codes.Aborted
	}
	sentence := fault.Outside(err)
	st := status.New(code, sentence)
	var detail protoadapt.MessageV1
	switch {
	case after > 0:
		detail = &errdetails.RetryInfo{RetryDelay: durationpb.New(after)}
	case code == codes.InvalidArgument:
		detail = &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "body", Description: sentence}}}
	default:
		return st
	}
	if with, err := st.WithDetails(detail); err == nil {
		return with
	}
	return st
}

// plural puts the count before a reason.
func plural(n int, why string) string {
	if n == 1 {
		return "1 was refused: " + why
	}
	return strconv.Itoa(n) + " were refused: " + why
}

// join joins two sentences, either of which may be empty.
func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}
