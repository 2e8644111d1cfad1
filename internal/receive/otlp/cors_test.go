package otlp_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/signalbox/signalbox/internal/receive/otlp"
)

func TestCORS(t *testing.T) {
	const app = "https://app.irs.example"
	var seen *http.Request
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r
		w.WriteHeader(http.StatusTeapot)
	})
	origins := []string{app}
	h := otlp.CORS(func() []string { return origins }, next)
	send := func(method, path string, header ...string) *httptest.ResponseRecorder {
		seen = nil
		r := httptest.NewRequest(method, path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Add(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	w := send(http.MethodOptions, "/v1/traces", "Origin", app, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type,traceparent")
	require.Equal(t, http.StatusNoContent, w.Code)
	require.Nil(t, seen)
	require.Equal(t, app, w.Header().Get("Access-Control-Allow-Origin"))
	require.Equal(t, "POST", w.Header().Get("Access-Control-Allow-Methods"))
	require.Contains(t, w.Header().Get("Access-Control-Allow-Headers"), "Authorization")
	require.Empty(t, w.Header().Get("Access-Control-Allow-Credentials"))

	for _, path := range []string{"/v1/traces", "/v1/logs", "/v1/metrics", "/api/v1/otlp/v1/metrics"} {
		w = send(http.MethodPost, path, "Origin", app, "Cookie", "session=1", "Sec-Fetch-Site", "cross-site", "Authorization", "Bearer t")
		require.Equal(t, http.StatusTeapot, w.Code)
		require.Equal(t, app, w.Header().Get("Access-Control-Allow-Origin"))
		require.Equal(t, "Origin", w.Header().Get("Vary"))
		require.Equal(t, http.Header{"Authorization": {"Bearer t"}}, seen.Header, "a push like any other")
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"another origin":        send(http.MethodPost, "/v1/traces", "Origin", "https://evil.example"),
		"an origin like it":     send(http.MethodPost, "/v1/traces", "Origin", app+".evil.example"),
		"another scheme":        send(http.MethodPost, "/v1/traces", "Origin", "http://app.irs.example"),
		"two origins":           send(http.MethodPost, "/v1/traces", "Origin", app, "Origin", app),
		"no page":               send(http.MethodPost, "/v1/traces"),
		"another path":          send(http.MethodPost, "/api/signalbox/v1/users", "Origin", app),
		"a preflight of others": send(http.MethodOptions, "/v1/traces", "Origin", "null"),
	} {
		require.Equal(t, http.StatusTeapot, w.Code, name)
		require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"), name)
	}
	send(http.MethodPost, "/api/signalbox/v1/users", "Origin", app, "Cookie", "session=1")
	require.Equal(t, app, seen.Header.Get("Origin"), "others judge it as before")
	origins = nil
	w = send(http.MethodPost, "/v1/traces", "Origin", app)
	require.Empty(t, w.Header(), "off")
	require.Equal(t, app, seen.Header.Get("Origin"))
}
