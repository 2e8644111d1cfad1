package hostagent

import (
	"context"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

// Every name and label that we write is one that node_exporter on the same machine writes too, and what does not move
// between the two has the same value. Runs where Debian's prometheus-node-exporter is installed.
func TestAgainstNodeExporter(t *testing.T) {
	bin, err := exec.LookPath("prometheus-node-exporter")
	if err != nil {
		t.Skip("prometheus-node-exporter is not installed (Debian: apt-get install prometheus-node-exporter)")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := l.Addr().String()
	require.NoError(t, l.Close())
	ctx, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(ctx, bin, "--web.listen-address="+addr, "--collector.processes")
	require.NoError(t, cmd.Start())
	defer func() {
		cancel()
		_ = cmd.Wait() // killed
	}()
	var body io.ReadCloser
	require.Eventually(t, func() bool {
		resp, err := http.Get("http://" + addr + "/metrics")
		if err != nil {
			return false
		}
		body = resp.Body
		return true
	}, time.Minute, 20*time.Millisecond)
	defer body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(body)
	require.NoError(t, err)

	theirs := map[string]float64{}
	shapes := map[string]bool{}
	types := map[string]string{}
	for name, f := range families {
		types[name] = strings.ToLower(f.GetType().String())
		for _, m := range f.GetMetric() {
			var names, pairs []string
			for _, p := range m.GetLabel() {
				names = append(names, p.GetName())
				pairs = append(pairs, p.GetName()+"="+p.GetValue())
			}
			sort.Strings(names)
			sort.Strings(pairs)
			shapes[name+"{"+strings.Join(names, ",")+"}"] = true
			theirs[name+"{"+strings.Join(pairs, ",")+"}"] = m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
		}
	}

	a, err := New(Options{Appendable: &discard{}, Instance: "m"})
	require.NoError(t, err)
	ours, _, err := a.collect(t.Context())
	if err != nil { // of a mount that is not for everybody's eyes; the others are there
		require.ErrorContains(t, err, "permission denied")
	}
	still := regexp.MustCompile(`^node_(memory_(MemTotal|SwapTotal)_bytes|filesystem_(size_bytes|files|readonly|device_error)|boot_time_seconds|uname_info)$`)
	compared := map[string]bool{}
	for _, m := range ours {
		if strings.HasPrefix(m.name, "container_") || m.pairs != nil && slices.Contains(m.pairs, "cgroups") {
			continue // node_exporter has no control groups
		}
		var names, pairs []string
		for i := 0; i < len(m.pairs); i += 2 {
			names = append(names, m.pairs[i])
			pairs = append(pairs, m.pairs[i]+"="+m.pairs[i+1])
		}
		sort.Strings(names)
		sort.Strings(pairs)
		require.True(t, shapes[m.name+"{"+strings.Join(names, ",")+"}"], "node_exporter has no %s with the labels %v", m.name, names)
		if m.counter {
			require.Equal(t, "counter", types[m.name], m.name)
		} else {
			require.Contains(t, []string{"gauge", "untyped"}, types[m.name], m.name)
		}
		key := m.name + "{" + strings.Join(pairs, ",") + "}"
		// Debian leaves out more mount points than node_exporter itself does.
		if v, ok := theirs[key]; still.MatchString(m.name) && (ok || !strings.HasPrefix(m.name, "node_filesystem")) {
			require.True(t, ok, "node_exporter has no %s", key)
			require.InDelta(t, v, m.v, 1, key)
			compared[m.name] = true
		}
	}
	require.Len(t, compared, 8)
}
