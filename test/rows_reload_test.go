package test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// reload asks the server to read its configuration again.
func (h *rowsHouse) reload() reply {
	return post(h.addr+"/-/reload", asJSON, nil, "Authorization", "Bearer "+token)
}

// say sends one message by TCP; false if nobody listens.
func say(addr, text string) bool {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return false
	}
	_, err = fmt.Fprintf(c, "<14>1 - - program - - - %s\n", text)
	return err == nil && c.Close() == nil
}

// TestReloadMovesTheDoors changes what brings signals in besides requests, and has the server take it over without a restart; what
// it cannot take over it names.
func TestReloadMovesTheDoors(t *testing.T) {
	h := openRows(t, "")
	config := func(syslog, more string) {
		write(t, h.dir, map[string]string{"signalbox.yaml": fmt.Sprintf("host: {enabled: false}\notlp: {grpc: %q, http: %q}\nsyslog: {tcp: %q, service: moved}\n%s", h.grpc, h.http, syslog, more)})
	}
	require.True(t, say(h.syslog, "before"))
	h.until("the first line", func() bool { return h.count("logs", "before") == 1 })

	ports := freePorts(t, 2)
	dir := t.TempDir()
	config(ports[0], fmt.Sprintf(`
log_files: [{paths: [%q], service: files}]
probes: [{name: itself, target: "http://%s/-/healthy", interval: 1s}]
egress: {allow: [127.0.0.0/8]}
listen_public: {listen: %q, sites: [{key: pub_efile, origins: ["https://efile.example"], service: web}]}
storage: {metrics: {retention: 41d}}
`, filepath.Join(dir, "*.log"), h.addr, ports[1]))
	require.Equal(t, http.StatusOK, h.reload().code)
	require.False(t, say(h.syslog, "into the void"), "nobody listens at the old address")
	require.True(t, say(ports[0], "after"))
	h.until("a line at the new address", func() bool { return h.count("logs", "service:moved after") == 1 })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.log"), []byte("from a file\n"), 0o600))
	h.until("a line of a file", func() bool { return h.count("logs", `service:files "from a file"`) == 1 })
	h.until("a probe", func() bool {
		v := h.query(`probe_success{probe="itself"}`)
		return len(v) == 1 && v[0] == 1
	})
	script, err := http.Get("http://" + ports[1] + "/sb.js")
	require.NoError(t, err)
	require.NoError(t, script.Body.Close())
	require.Equal(t, http.StatusOK, script.StatusCode)
	var status struct{ Config struct{ Restart []string } }
	require.Equal(t, http.StatusOK, h.get("/api/signalbox/v1/status", &status))
	require.Equal(t, []string{"storage.metrics"}, status.Config.Restart)

	// What cannot be opened leaves everything as it was.
	held := listen(t)
	defer held.Close()
	config(held.Addr().String(), "")
	bad := h.reload()
	require.Equal(t, http.StatusBadRequest, bad.code, bad.body)
	require.Contains(t, bad.body, "syslog.tcp: "+held.Addr().String()+" cannot be listened on")
	require.True(t, say(ports[0], "still here"))
	h.until("a line where it came before", func() bool { return h.count("logs", `service:moved "still here"`) == 1 })
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.log"), []byte("another file\n"), 0o600))
	h.until("a line of another file", func() bool { return h.count("logs", `service:files "another file"`) == 1 })

	// And all of it goes.
	config("off", "")
	require.Equal(t, http.StatusOK, h.reload().code)
	require.False(t, say(ports[0], "gone"))
	require.Equal(t, http.StatusOK, h.get("/api/signalbox/v1/status", &status))
	require.Empty(t, status.Config.Restart)
}
