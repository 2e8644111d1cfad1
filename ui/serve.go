package ui

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"
)

// noncePlaceholder stands in index.html where each answer puts its own nonce.
const noncePlaceholder = "__CSP_NONCE__"

// Pages are the net/http patterns of the page's own addresses. Each answers the same document, which then asks the API for
// what the address names. No other path does: a misspelt API path or asset is 404, not a page.
func Pages() []string {
	return []string{"/{$}", "/kpi/{name}", "/alerts", "/explore", "/explore/metrics", "/explore/logs", "/explore/traces", "/explore/traces/{id}",
		"/explore/services", "/explore/errors", "/explore/errors/{id}", "/explore/related", "/usage", "/usage/{view}", "/privacy", "/sources", "/wall", "/welcome", "/demo",
		"/audit", "/people", "/account", "/boards", "/boards/{name}",
		"/policy", "/policy/new", "/policy/calendar", "/policy/proposals", "/policy/proposals/{id}",
		"/policy/{kind}/{name}", "/policy/{kind}/{name}/edit"}
}

// Assets are the net/http patterns of the files that the document loads, and of the tracker that other people's pages load.
// They hold code, fonts and an icon, no data.
func Assets() []string { return []string{"/assets/", "/favicon.svg", "/sb.js"} }

// Handler serves both Pages and Assets. Documents are never cached and carry a content security policy with a fresh nonce
// for styles; assets have their hash in the name and are cached for a year. Files are compressed once, when first asked for.
func Handler() (http.Handler, error) {
	index, err := fs.ReadFile(dist, "dist/index.html")
	if err != nil {
		return nil, err
	}
	files := map[string]*file{}
	err = fs.WalkDir(dist, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		url := strings.TrimPrefix(name, "dist")
		if !isAsset(url) {
			return nil
		}
		b, err := fs.ReadFile(dist, name)
		files[url] = &file{plain: b, kind: kindOf(name)}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &server{parts: bytes.Split(index, []byte(noncePlaceholder)), files: files}, nil
}

// isAsset reports whether an address belongs to Assets.
func isAsset(url string) bool {
	return strings.HasPrefix(url, "/assets/") || url == "/favicon.svg" || url == "/sb.js"
}

type server struct {
	parts [][]byte // index.html, cut where the nonce belongs
	files map[string]*file
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "this address answers GET only", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if f, ok := s.files[r.URL.Path]; ok {
		f.serve(w, r)
		return
	}
	if isAsset(r.URL.Path) {
		http.NotFound(w, r)
		return
	}
	s.document(w)
}

func (s *server) document(w http.ResponseWriter) {
	nonce := newNonce()
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'self'; style-src 'self' 'nonce-"+nonce+"'; img-src 'self' data:; "+
		"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	// A client that has gone away is the only reason for an error here, and nobody is left to tell.
	_, _ = w.Write(bytes.Join(s.parts, []byte(nonce)))
}

func newNonce() string {
	var b [18]byte
	_, _ = rand.Read(b[:]) // crypto/rand.Read never fails; it ends the program instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// file is one asset with its compressed form.
type file struct {
	plain  []byte
	kind   string
	once   sync.Once
	packed []byte // nil where compression does not help
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", f.kind)
	if strings.HasPrefix(r.URL.Path, "/assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "public, max-age=3600")
	}
	h.Set("Vary", "Accept-Encoding")
	if packed := f.gzip(); packed != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(packed)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(packed)
		}
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.plain))
}

func (f *file) gzip() []byte {
	f.once.Do(func() {
		if strings.HasPrefix(f.kind, "font/") {
			return // already compressed
		}
		var buf bytes.Buffer
		z, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
		if err != nil {
			return
		}
		if _, err := z.Write(f.plain); err != nil {
			return
		}
		if err := z.Close(); err == nil && buf.Len() < len(f.plain) {
			f.packed = buf.Bytes()
		}
	})
	return f.packed
}

// acceptsGzip reports whether the Accept-Encoding header names gzip without forbidding it.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		name, quality, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q := strings.TrimPrefix(strings.TrimSpace(quality), "q=")
			return strings.Trim(q, "0.") != "" || q == ""
		}
	}
	return false
}

// kindOf returns the content type by extension, without asking the machine's own tables.
func kindOf(name string) string {
	switch ext := path.Ext(name); ext {
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	default:
		return mime.TypeByExtension(ext)
	}
}
