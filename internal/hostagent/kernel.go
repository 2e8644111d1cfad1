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

// readPressure reads how long tasks waited for processor, memory and storage (PSI). Kernels without it say nothing.
func readPressure(context.Context) ([]metric, error) {
	var out []metric
	for _, p := range []struct{ file, kind, name string }{
		{"cpu", "some", "node_pressure_cpu_waiting_seconds_total"},
		{"io", "some", "node_pressure_io_waiting_seconds_total"}, {"io", "full", "node_pressure_io_stalled_seconds_total"},
		{"memory", "some", "node_pressure_memory_waiting_seconds_total"}, {"memory", "full", "node_pressure_memory_stalled_seconds_total"},
	} {
		for l := range strings.Lines(readLine("/proc/pressure/" + p.file)) {
			kind, rest, _ := strings.Cut(l, " ")
			_, total, ok := strings.Cut(rest, "total=")
			if micros, err := strconv.ParseFloat(strings.TrimSpace(total), 64); ok && err == nil && kind == p.kind {
				out = append(out, counter(p.name, micros/1e6))
			}
		}
	}
	return out, nil
}

// vmstats are the lines of /proc/vmstat that node_exporter keeps by default.
var vmstats = []string{"oom_kill", "pgfault", "pgmajfault", "pgpgin", "pgpgout", "pswpin", "pswpout"}

func readVMStat(context.Context) ([]metric, error) {
	var out []metric
	for l := range strings.Lines(readLine("/proc/vmstat")) {
		name, v, _ := strings.Cut(strings.TrimSpace(l), " ")
		if n, err := strconv.ParseFloat(v, 64); err == nil && slices.Contains(vmstats, name) {
			out = append(out, gauge("node_vmstat_"+name, n))
		}
	}
	return out, nil
}

func readFiles(context.Context) ([]metric, error) {
	f := strings.Fields(readLine("/proc/sys/fs/file-nr"))
	if len(f) != 3 {
		return nil, nil
	}
	allocated, err := strconv.ParseFloat(f[0], 64)
	most, merr := strconv.ParseFloat(f[2], 64)
	return []metric{gauge("node_filefd_allocated", allocated), gauge("node_filefd_maximum", most)}, errors.Join(err, merr)
}

// readSockets reads how many sockets are in use.
func readSockets(context.Context) ([]metric, error) {
	var out []metric
	for l := range strings.Lines(readLine("/proc/net/sockstat")) {
		f := strings.Fields(l)
		for i := 1; i+1 < len(f); i += 2 {
			name := strings.TrimSuffix(f[0], ":")
			if v, err := strconv.ParseFloat(f[i+1], 64); err == nil && (name == "sockets" || name == "TCP" || name == "UDP") {
				out = append(out, gauge("node_sockstat_"+name+"_"+f[i], v))
			}
		}
	}
	return out, nil
}

// readInterfaces reads what the system says of its network interfaces beside their traffic.
func readInterfaces(context.Context) ([]metric, error) {
	const root = "/sys/class/net"
	entries, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []metric
	for _, e := range entries[:min(len(entries), 256)] {
		dir := filepath.Join(root, e.Name())
		up := 0.0
		if readLine(dir+"/operstate") == "up" {
			up = 1
		}
		out = append(out, gauge("node_network_up", up, "device", e.Name()))
		for file, name := range map[string]string{"mtu": "node_network_mtu_bytes", "carrier": "node_network_carrier"} {
			if v, err := strconv.ParseFloat(readLine(filepath.Join(dir, file)), 64); err == nil {
				out = append(out, gauge(name, v, "device", e.Name()))
			}
		}
		// In megabits; -1 where nobody knows.
		if v, err := strconv.ParseFloat(readLine(dir+"/speed"), 64); err == nil && v > 0 {
			out = append(out, gauge("node_network_speed_bytes", v*1000*1000/8, "device", e.Name()))
		}
	}
	return out, nil
}

// mostProcesses bounds how many processes are looked at in a round.
const mostProcesses = 20_000

// readProcesses counts processes by state, and their threads.
func readProcesses(ctx context.Context) ([]metric, error) {
	d, err := os.Open("/proc")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names, err := d.Readdirnames(-1)
	_ = d.Close() // only read
	if err != nil {
		return nil, err
	}
	states := map[string]int{}
	pids, threads := 0, 0
	for _, n := range names {
		if n[0] < '0' || n[0] > '9' || pids >= mostProcesses {
			continue
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		stat := readLine("/proc/" + n + "/stat")
		// The name in parentheses may hold anything; fields are counted from behind it.
		f := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
		if len(f) < 18 {
			continue // it has ended meanwhile
		}
		pids++
		states[f[0]]++
		if t, err := strconv.Atoi(f[17]); err == nil {
			threads += t
		}
	}
	out := []metric{gauge("node_processes_pids", float64(pids)), gauge("node_processes_threads", float64(threads))}
	for s, n := range states {
		out = append(out, gauge("node_processes_state", float64(n), "state", s))
	}
	for file, name := range map[string]string{"pid_max": "node_processes_max_processes", "threads-max": "node_processes_max_threads"} {
		if v, err := strconv.ParseFloat(readLine("/proc/sys/kernel/"+file), 64); err == nil {
			out = append(out, gauge(name, v))
		}
	}
	return out, nil
}
