package emit

import "net/http"

// errorKind is a value of the type label of http_errors_total.
type errorKind int

const (
	noError errorKind = iota - 1
	error4xx
	error5xx
	errorPanic
	errorAbort
	errorCanceled
	errorKinds int = iota - 1
)

var errorLabels = [errorKinds]string{"4xx", "5xx", "panic", "abort", "canceled"}

const (
	// codeCanceled is nginx' code for a client that left before anything was answered; it is not a server error.
	codeCanceled = 499
	// codeOther stands for codes above 599, which no registry defines.
	codeOther = 600
)

// ending is how a handler came to its end.
type ending int

const (
	returned ending = iota
	panicked
	aborted // http.ErrAbortHandler
)

// outcome is the code and the error, if any, that a request is counted under. Status is what was written, 0 for
// nothing; canceled says that the client had left. It follows net/http: a handler that writes nothing answers 200.
//
// A panic is 500 whatever was written before, because the client got a broken answer. An abort is the same, unless the
// client left first: a proxy aborts when there is nobody to copy to, and that is no fault of the service. A hijacked
// connection with no status is 101, which is what hijacking is for.
func outcome(end ending, status int, hijacked, canceled bool) (int, errorKind) {
	switch {
	case end == panicked:
		return http.StatusInternalServerError, errorPanic
	case end == aborted && !canceled:
		return http.StatusInternalServerError, errorAbort
	case status == 0 && hijacked:
		return http.StatusSwitchingProtocols, noError
	case status == 0 && canceled:
		return codeCanceled, errorCanceled
	case end == aborted:
		return min(status, codeOther), errorCanceled
	case status == 0:
		return http.StatusOK, noError
	case status >= 500:
		return min(status, codeOther), error5xx
	case status >= 400:
		return status, error4xx
	}
	return status, noError
}
