// Command go is a service that Signalbox sees whole: metrics that are scraped, and traces, logs and events that are sent.
package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/signalbox/signalbox/emit"
	"github.com/signalbox/signalbox/emit/otel"
)

func main() {
	if err := run(); err != nil {
		slog.Error("The service ended", "err", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	url, token := os.Getenv("SIGNALBOX_URL"), os.Getenv("SIGNALBOX_TOKEN")
	if url == "" {
		url = "http://127.0.0.1:9700"
	}

	t, err := otel.New(otel.Options{URL: url, Token: token, Service: "efile", Env: "dev", Agency: "IRS"})
	if err != nil {
		return err
	}
	slog.SetDefault(slog.New(t.LogHandler(emit.LogHandler(slog.NewJSONHandler(os.Stdout, nil)))))
	e := emit.New(emit.Options{
		Labels: map[string]string{"agency": "IRS", "env": "dev"},
		Events: emit.EventsTo{URL: url, Token: token, Service: "efile"},
	})

	mux := http.NewServeMux()
	mux.HandleFunc("POST /filings/{id}", func(w http.ResponseWriter, r *http.Request) {
		slog.InfoContext(r.Context(), "filed", "form", "1040")
		emit.Track(r.Context(), "filing_submitted", emit.User("u-1"), emit.BusinessID(r.PathValue("id")), emit.Prop("form", "1040"))
		w.WriteHeader(http.StatusCreated)
	})
	mux.Handle("GET /metrics", e.Metrics())
	server := &http.Server{Addr: "127.0.0.1:8000", Handler: e.Handler(t.Handler(mux)), ReadHeaderTimeout: 5 * time.Second}

	var wg sync.WaitGroup
	wg.Go(func() { _ = e.Run(ctx) })
	wg.Go(func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(last)
		_ = t.Shutdown(last)
	})
	err = server.ListenAndServe()
	stop()
	wg.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
