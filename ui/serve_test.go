package ui_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/signalbox/signalbox/ui"
)

func newServer(t *testing.T) http.Handler {
	t.Helper()
	h, err := ui.Handler()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	for _, p := range append(ui.Pages(), ui.Assets()...) {
		mux.Handle(p, h)
	}
	return mux
}

func get(t *testing.T, h http.Handler, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var nonceIn = regexp.MustCompile(`'nonce-([^']+)'`)

func TestPagesCarryTheirOwnNonce(t *testing.T) {
	h := newServer(t)
	seen := map[string]bool{}
	for _, path := range []string{"/", "/kpi/efile-error-rate", "/kpi/with.dots.js", "/alerts", "/explore", "/explore/metrics", "/sources", "/wall", "/welcome", "/demo"} {
		r := get(t, h, path)
		if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
			t.Fatalf("%s: %d %s", path, r.StatusCode, r.Header.Get("Content-Type"))
		}
		policy := r.Header.Get("Content-Security-Policy")
		m := nonceIn.FindStringSubmatch(policy)
		if m == nil || !strings.Contains(policy, "default-src 'self'") || strings.Contains(policy, "unsafe") {
			t.Fatalf("%s: policy %q", path, policy)
		}
		if seen[m[1]] {
			t.Errorf("%s: the nonce was used before", path)
		}
		seen[m[1]] = true
		if doc := body(t, r); !strings.Contains(doc, `content="`+m[1]+`"`) || strings.Contains(doc, "__CSP_NONCE__") {
			t.Errorf("%s: the document does not carry the nonce of its header", path)
		}
		if cc := r.Header.Get("Cache-Control"); cc != "no-store" {
			t.Errorf("%s: Cache-Control %q", path, cc)
		}
	}
}

func TestEveryAssetOfTheDocumentIsServed(t *testing.T) {
	h := newServer(t)
	doc := body(t, get(t, h, "/"))
	refs := regexp.MustCompile(`(?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(doc, -1)
	assets := 0
	for _, ref := range refs {
		if strings.HasPrefix(ref[1], "/api/") {
			continue
		}
		plain := get(t, h, ref[1])
		if plain.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", ref[1], plain.StatusCode)
			continue
		}
		if !strings.HasPrefix(ref[1], "/assets/") {
			continue
		}
		assets++
		if cc := plain.Header.Get("Cache-Control"); !strings.Contains(cc, "immutable") {
			t.Errorf("%s: Cache-Control %q", ref[1], cc)
		}
		packed := get(t, h, ref[1], "Accept-Encoding", "br, gzip")
		if packed.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s is not compressed", ref[1])
			continue
		}
		z, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if string(unpacked) != body(t, plain) {
			t.Errorf("%s: compressed and plain differ", ref[1])
		}
	}
	if assets < 2 {
		t.Errorf("the document names %d assets, want its script and its styles at least", assets)
	}
}

func TestWhatIsNoPageIsNotFound(t *testing.T) {
	h := newServer(t)
	for _, path := range []string{"/assets/nothing.js", "/assets/", "/index.html", "/manifest.json", "/api/signalbox/v1/board", "/log", "/kpi/a/b", "/../embed.go"} {
		if r := get(t, h, path); r.StatusCode == http.StatusOK {
			t.Errorf("%s answered %d", path, r.StatusCode)
		}
	}
}

func TestGzipRefusedByQuality(t *testing.T) {
	h := newServer(t)
	doc := body(t, get(t, h, "/"))
	asset := regexp.MustCompile(`/assets/[^"]+\.js`).FindString(doc)
	for header, want := range map[string]string{"gzip;q=0": "", "gzip;q=0.5": "gzip", "": "", "identity": "", "GZIP": "gzip"} {
		if got := get(t, h, asset, "Accept-Encoding", header).Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q, want %q", header, got, want)
		}
	}
}

func TestOnlyGetAndHead(t *testing.T) {
	h := newServer(t)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/alerts", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST answered %d", w.Code)
	}
}

// The tracker runs in other people's pages: small, closed, without what their policies forbid, and kept for an hour only,
// because its address never changes.
func TestTracker(t *testing.T) {
	h := newServer(t)
	r := get(t, h, "/sb.js")
	if r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Fatalf("%d %s", r.StatusCode, r.Header.Get("Content-Type"))
	}
	if cc := r.Header.Get("Cache-Control"); cc != "public, max-age=3600" {
		t.Errorf("Cache-Control %q", cc)
	}
	plain := body(t, r)
	for _, never := range []string{"eval(", "new Function", ".cookie", "innerHTML", ".style", "document.write", "import("} {
		if strings.Contains(plain, never) {
			t.Errorf("it holds %q", never)
		}
	}
	if packed := get(t, h, "/sb.js", "Accept-Encoding", "gzip"); packed.ContentLength <= 0 || packed.ContentLength > 6000 {
		t.Errorf("%d bytes compressed, want 6000 at most", packed.ContentLength)
	}
}
