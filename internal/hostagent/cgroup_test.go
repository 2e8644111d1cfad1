package hostagent

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCgroups(t *testing.T) {
	root := t.TempDir()
	put := func(group string, files map[string]string) {
		dir := filepath.Join(root, group)
		require.NoError(t, os.MkdirAll(dir, 0o700))
		for name, text := range files {
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		}
	}
	put("", map[string]string{"cgroup.controllers": "cpu memory pids\n", "cpu.stat": "usage_usec 1\n"})
	put("system.slice/intake.service", map[string]string{
		"cpu.stat": "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\nnr_periods 10\nnr_throttled 3\nthrottled_usec 1000000\n", "memory.current": "1000\n",
		"memory.max": "max\n", "memory.stat": "anon 600\ninactive_file 300\n", "memory.events": "oom 1\noom_kill 1\n", "pids.current": "7\n", "pids.max": "100\n"})
	put("empty.slice", nil)
	put("a/b/c/d/e", map[string]string{"cpu.stat": "usage_usec 1\n"}) // too deep
	ms, err := (&cgroups{root}).read(t.Context())
	require.NoError(t, err)
	got := map[string]float64{}
	for _, m := range ms {
		require.Equal(t, []string{"id", "/system.slice/intake.service"}, m.pairs)
		got[m.name] = m.v
	}
	require.Equal(t, map[string]float64{
		"container_cpu_usage_seconds_total": 2.5, "container_cpu_user_seconds_total": 2, "container_cpu_system_seconds_total": 0.5,
		"container_cpu_cfs_periods_total": 10, "container_cpu_cfs_throttled_periods_total": 3, "container_cpu_cfs_throttled_seconds_total": 1,
		"container_memory_usage_bytes": 1000, "container_memory_working_set_bytes": 700, "container_memory_rss": 600, "container_oom_events_total": 1,
		"container_threads": 7, "container_threads_max": 100}, got)

	for i := range mostCgroups + 5 {
		put(fmt.Sprintf("many.slice/%03d", i), map[string]string{"cpu.stat": "usage_usec 1\n"})
	}
	ms, err = (&cgroups{root}).read(t.Context())
	require.NoError(t, err)
	last := ms[len(ms)-1]
	require.Equal(t, "signalbox_host_cgroups_left_out", last.name)
	require.GreaterOrEqual(t, last.v, 5.0)
	none, err := (&cgroups{}).read(t.Context())
	require.NoError(t, err)
	require.Empty(t, none)
}
