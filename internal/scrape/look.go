package scrape

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	config_util "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	promconfig "github.com/prometheus/prometheus/config"
	promscrape "github.com/prometheus/prometheus/scrape"
)

// look is the beginning of what a failing target answers. The scrape manager keeps the error and throws the answer away, so
// where the answer is the reason the room asks once more, at most once a minute for a target.
type look struct {
	forError    string // the error that it was taken for
	contentType string
	head        []byte // up to lookBytes
}

const (
	lookBytes   = 4 << 10
	lookEvery   = time.Minute
	lookTimeout = 5 * time.Second
)

// take asks the target once with the job's own client and keeps the first bytes.
func take(ctx context.Context, job *promconfig.ScrapeConfig, t *promscrape.Target) (look, error) {
	ctx, cancel := context.WithTimeout(ctx, min(lookTimeout, time.Duration(job.ScrapeTimeout)))
	defer cancel()
	client, err := config_util.NewClientFromConfig(job.HTTPClientConfig, job.JobName, config_util.WithKeepAlivesDisabled())
	if err != nil {
		return look{}, err
	}
	defer client.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.URL().String(), http.NoBody)
	if err != nil {
		return look{}, err
	}
	req.Header.Set("Accept", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
	resp, err := client.Do(req)
	if err != nil {
		return look{}, err
	}
	defer func() { _ = resp.Body.Close() }() // the rest of the answer is of no interest
	head, err := io.ReadAll(io.LimitReader(resp.Body, lookBytes))
	return look{contentType: resp.Header.Get("Content-Type"), head: head}, err
}

func (l look) isJSONString() bool {
	b := bytes.TrimSpace(l.head)
	return len(b) > 1 && b[0] == '"' && (bytes.Contains(b, []byte(`\n`)) || bytes.HasPrefix(b, []byte(`"# `)))
}

func (l look) isJSON() bool {
	b := bytes.TrimSpace(l.head)
	return isJSON(l.contentType) || len(b) > 0 && (b[0] == '{' || b[0] == '[')
}

func (l look) isHTML() bool {
	b := strings.ToLower(string(bytes.TrimSpace(l.head)))
	return strings.HasPrefix(l.contentType, "text/html") || strings.HasPrefix(b, "<!doctype html") || strings.HasPrefix(b, "<html")
}

func (l look) isBinary() bool {
	b := l.head
	for i := 0; i < utf8.UTFMax && len(b) > 0 && !utf8.Valid(b); i++ {
		b = b[:len(b)-1] // the cut may have parted a rune
	}
	return !utf8.Valid(b) || bytes.IndexByte(b, 0) >= 0
}

// kinds remembers which metrics of a target are counters, and which of them have turned into something else since.
type kinds struct {
	counter map[string]bool
	turned  map[string]model.MetricType
}

// read compares the metadata of a scrape with what is remembered.
func (k *kinds) read(meta []promscrape.MetricMetadata) {
	if k.counter == nil {
		k.counter, k.turned = map[string]bool{}, map[string]model.MetricType{}
	}
	for _, m := range meta {
		switch {
		case m.Type == model.MetricTypeCounter:
			k.counter[m.MetricFamily] = true
			delete(k.turned, m.MetricFamily)
		case k.counter[m.MetricFamily] && m.Type != model.MetricTypeUnknown:
			k.turned[m.MetricFamily] = m.Type
		}
	}
}
