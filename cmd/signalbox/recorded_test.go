package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// recorded answers requests from testdata/answers and writes down what was asked.
type recorded struct {
	requests string
	mu       sync.Mutex
}

// ServeHTTP implements http.Handler.
func (s *recorded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := s.note(r); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if r.Header.Get("Authorization") != "Bearer the-token" {
		reply(w, http.StatusUnauthorized, "unauth")
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/api/signalbox/v1/")
	if !ok {
		replyQuery(w, r)
		return
	}
	switch r.Method + " " + path {
	case "GET kpis", "GET alerts", "GET sources", "GET demo":
		reply(w, http.StatusOK, path)
	case "GET kpis/efile-error-rate":
		reply(w, http.StatusOK, "kpi")
	case "GET kpis/efile-error-rate/value":
		reply(w, http.StatusOK, "value")
	case "GET kpis/stale/value":
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprint(w, `{"detail":"there is no fresh value"}`)
	case "GET kpis/efile-error-rate/decisions":
		reply(w, http.StatusOK, "decisions")
	case "GET decisions/mwq0gdxs-2zkrt4y3g7yix":
		reply(w, http.StatusOK, "decision")
	case "POST silences":
		fmt.Fprint(w, `{"id":"6c054fe9","matches":1}`)
	case "DELETE silences/6c054fe9":
		w.WriteHeader(http.StatusNoContent)
	case "POST demo/intake/break":
		reply(w, http.StatusOK, "demo")
	default:
		reply(w, http.StatusNotFound, "nope")
	}
}

func replyQuery(w http.ResponseWriter, r *http.Request) {
	switch q := r.URL.Query().Get("query"); {
	case q == "sum(":
		reply(w, http.StatusBadRequest, "badquery")
	case q == "nothing":
		fmt.Fprint(w, `{"status":"success","data":{"resultType":"vector","result":[]}}`)
	case r.URL.Path == "/api/v1/query_range":
		reply(w, http.StatusOK, "range")
	default:
		reply(w, http.StatusOK, "query")
	}
}

func (s *recorded) note(r *http.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := os.OpenFile(s.requests, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = fmt.Fprintf(f, "%s %s %s %s\n", r.Method, r.URL.Path, r.Header.Get("Authorization"), body)
	return err
}

func reply(w http.ResponseWriter, status int, name string) {
	b, err := os.ReadFile(filepath.Join("testdata", "answers", name+".json"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(b)
}
