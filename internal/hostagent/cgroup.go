package hostagent

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// cgroups reads the control groups of a machine, version 2: services and containers. node_exporter has none of it, so the names
// and the label id are cAdvisor's.
type cgroups struct {
	root string // where the file system is mounted
}

// The bounds of what is read: how deep, and how many groups.
const (
	cgroupDepth = 4
	mostCgroups = 200
)

// newCgroups finds where the groups are: alone, or beside those of version 1.
func newCgroups() *cgroups {
	for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(filepath.Join(root, "cgroup.controllers")); err == nil {
			return &cgroups{root}
		}
	}
	return &cgroups{}
}

func (c *cgroups) read(ctx context.Context) ([]metric, error) {
	if c.root == "" {
		return nil, nil
	}
	var out []metric
	met, left := 0, 0
	// Level by level, so that the bound leaves the deepest ones out.
	level := []string{""}
	for depth := 0; depth < cgroupDepth && len(level) > 0; depth++ {
		var next []string
		for _, id := range level {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			entries, err := os.ReadDir(filepath.Join(c.root, id))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return out, err
			}
			for _, e := range entries {
				if e.IsDir() {
					next = append(next, id+"/"+e.Name())
				}
			}
			if id == "" {
				continue // the machine itself, which has its own series
			}
			if met >= mostCgroups {
				left++
				continue
			}
			if ms := c.group(id); len(ms) > 0 {
				met++
				out = append(out, ms...)
			}
		}
		slices.Sort(next)
		level = next
	}
	if left > 0 {
		out = append(out, gauge("signalbox_host_cgroups_left_out", float64(left)))
	}
	return out, nil
}

// group reads one group. Values that its controllers do not have are left out.
func (c *cgroups) group(id string) (out []metric) {
	dir := filepath.Join(c.root, id)
	for name, v := range pairsOf(readLine(dir + "/cpu.stat")) {
		switch name {
		case "usage_usec":
			out = append(out, counter("container_cpu_usage_seconds_total", v/1e6, "id", id))
		case "user_usec":
			out = append(out, counter("container_cpu_user_seconds_total", v/1e6, "id", id))
		case "system_usec":
			out = append(out, counter("container_cpu_system_seconds_total", v/1e6, "id", id))
		case "nr_periods":
			out = append(out, counter("container_cpu_cfs_periods_total", v, "id", id))
		case "nr_throttled":
			out = append(out, counter("container_cpu_cfs_throttled_periods_total", v, "id", id))
		case "throttled_usec":
			out = append(out, counter("container_cpu_cfs_throttled_seconds_total", v/1e6, "id", id))
		}
	}
	if used, err := strconv.ParseFloat(readLine(dir+"/memory.current"), 64); err == nil {
		stat := pairsOf(readLine(dir + "/memory.stat"))
		out = append(out,
			gauge("container_memory_usage_bytes", used, "id", id),
			gauge("container_memory_working_set_bytes", max(0, used-stat["inactive_file"]), "id", id),
			gauge("container_memory_rss", stat["anon"], "id", id))
		if limit, err := strconv.ParseFloat(readLine(dir+"/memory.max"), 64); err == nil { // else: max
			out = append(out, gauge("container_spec_memory_limit_bytes", limit, "id", id))
		}
		if events := pairsOf(readLine(dir + "/memory.events")); events != nil {
			out = append(out, counter("container_oom_events_total", events["oom_kill"], "id", id))
		}
	}
	// Of all tasks: cAdvisor calls them threads, processes are those of cgroup.procs.
	if pids, err := strconv.ParseFloat(readLine(dir+"/pids.current"), 64); err == nil {
		out = append(out, gauge("container_threads", pids, "id", id))
		if most, err := strconv.ParseFloat(readLine(dir+"/pids.max"), 64); err == nil {
			out = append(out, gauge("container_threads_max", most, "id", id))
		}
	}
	return out
}

// pairsOf reads lines of a name and a number.
func pairsOf(text string) map[string]float64 {
	if text == "" {
		return nil
	}
	out := map[string]float64{}
	for l := range strings.Lines(text) {
		name, v, _ := strings.Cut(strings.TrimSpace(l), " ")
		if n, err := strconv.ParseFloat(v, 64); err == nil {
			out[name] = n
		}
	}
	return out
}
