package promapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/signalbox/signalbox/internal/scrape"
)

// masking takes secrets out of the targets' answer: Prometheus shows the whole URL of a target, with parameters that may be
// tokens, in three places (the URLs, the labels before relabelling, the text of an error).
func masking(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.Clone(r.Context())
		r.Header.Del("Accept-Encoding")
		rec := &recorder{header: w.Header(), status: http.StatusOK}
		next.ServeHTTP(rec, r)
		body := rec.body.Bytes()
		var answer map[string]any
		dec := json.NewDecoder(bytes.NewReader(body))
		dec.UseNumber()
		if err := dec.Decode(&answer); err == nil {
			if data, ok := answer["data"].(map[string]any); ok {
				for _, list := range []string{"activeTargets", "droppedTargets"} {
					targets, _ := data[list].([]any)
					for _, t := range targets {
						if target, ok := t.(map[string]any); ok {
							maskTarget(target)
						}
					}
				}
			}
			if b, err := json.Marshal(answer); err == nil {
				body = b
			}
		}
		w.Header().Del("Content-Length")
		w.WriteHeader(rec.status)
		_, _ = w.Write(body)
	})
}

func maskTarget(t map[string]any) {
	var secret []string
	if discovered, ok := t["discoveredLabels"].(map[string]any); ok {
		for name, v := range discovered {
			param, is := strings.CutPrefix(name, "__param_")
			if s, ok := v.(string); is && ok && s != "" && scrape.IsSecret(param) {
				discovered[name] = "<secret>"
				secret = append(secret, s, url.QueryEscape(s))
			}
		}
	}
	for _, key := range []string{"scrapeUrl", "globalUrl"} {
		s, _ := t[key].(string)
		u, err := url.Parse(s)
		if err != nil || s == "" {
			continue
		}
		for name, values := range u.Query() {
			if scrape.IsSecret(name) {
				for _, v := range values {
					secret = append(secret, v, url.QueryEscape(v))
				}
			}
		}
		t[key] = scrape.MaskURL(u)
	}
	if text, ok := t["lastError"].(string); ok {
		for _, s := range secret {
			if s != "" {
				text = strings.ReplaceAll(text, s, "***")
			}
		}
		t["lastError"] = text
	}
}

// recorder keeps an answer back.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *recorder) Header() http.Header         { return r.header }
func (r *recorder) WriteHeader(status int)      { r.status = status }
func (r *recorder) Write(b []byte) (int, error) { return r.body.Write(b) }
