// Command go is the smallest service that Signalbox can judge: one handler, wrapped by emit.
package main

import (
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/signalbox/signalbox/emit"
)

func main() {
	slog.SetDefault(slog.New(emit.LogHandler(slog.NewJSONHandler(os.Stdout, nil))))
	e := emit.New(emit.Options{Labels: map[string]string{"agency": "IRS", "env": "dev"}})

	mux := http.NewServeMux()
	mux.HandleFunc("GET /forms/{id}", func(w http.ResponseWriter, r *http.Request) {
		slog.InfoContext(r.Context(), "form read", "id", r.PathValue("id"))
		fmt.Fprintf(w, "form %s\n", r.PathValue("id"))
	})
	mux.HandleFunc("GET /broken", func(http.ResponseWriter, *http.Request) { panic("broken on purpose") })
	mux.Handle("GET /metrics", e.Metrics())

	server := &http.Server{Addr: "127.0.0.1:8000", Handler: e.Handler(mux), ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}
