package hostagent

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/disk"
	"github.com/shirou/gopsutil/v4/host"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"
	"github.com/shirou/gopsutil/v4/net"
)

// Names and labels follow node_exporter's collectors of the same name.

func gauge(name string, v float64, pairs ...string) metric {
	return metric{name: name, v: v, pairs: pairs}
}

func counter(name string, v float64, pairs ...string) metric {
	return metric{name: name, counter: true, v: v, pairs: pairs}
}

func readCPU(ctx context.Context) ([]metric, error) {
	times, err := cpu.TimesWithContext(ctx, true)
	if err != nil {
		return nil, err
	}
	var out []metric
	for _, t := range times {
		n := strings.TrimPrefix(t.CPU, "cpu")
		for mode, v := range map[string]float64{
			"user": t.User, "nice": t.Nice, "system": t.System, "idle": t.Idle, "iowait": t.Iowait,
			"irq": t.Irq, "softirq": t.Softirq, "steal": t.Steal,
		} {
			out = append(out, counter("node_cpu_seconds_total", v, "cpu", n, "mode", mode))
		}
		out = append(out,
			counter("node_cpu_guest_seconds_total", t.Guest, "cpu", n, "mode", "user"),
			counter("node_cpu_guest_seconds_total", t.GuestNice, "cpu", n, "mode", "nice"))
	}
	return out, nil
}

// memoryName turns a line's name of /proc/meminfo into a metric's: Active(anon) into Active_anon.
var memoryName = strings.NewReplacer("(", "_", ")", "")

// readMemory reads /proc/meminfo whole, as node_exporter does; elsewhere it keeps to the fields every system has.
func readMemory(ctx context.Context) ([]metric, error) {
	f, err := os.Open("/proc/meminfo")
	if errors.Is(err, fs.ErrNotExist) {
		return readMemoryPortable(ctx)
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	var out []metric
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		name, rest, ok := strings.Cut(lines.Text(), ":")
		fields := strings.Fields(rest)
		if !ok || len(fields) == 0 {
			continue
		}
		v, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			return nil, fmt.Errorf("/proc/meminfo: %s: %w", name, err)
		}
		name = "node_memory_" + memoryName.Replace(name)
		if len(fields) == 2 { // kB
			v *= 1024
			name += "_bytes"
		}
		out = append(out, gauge(name, v))
	}
	return out, lines.Err()
}

func readMemoryPortable(ctx context.Context) ([]metric, error) {
	m, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return nil, err
	}
	s, err := mem.SwapMemoryWithContext(ctx)
	if err != nil {
		return nil, err
	}
	return []metric{
		gauge("node_memory_MemTotal_bytes", float64(m.Total)),
		gauge("node_memory_MemAvailable_bytes", float64(m.Available)),
		gauge("node_memory_MemFree_bytes", float64(m.Free)),
		gauge("node_memory_SwapTotal_bytes", float64(s.Total)),
		gauge("node_memory_SwapFree_bytes", float64(s.Free)),
	}, nil
}

// noDisk are the devices that node_exporter leaves out by default: memory and loop devices, partitions.
var noDisk = regexp.MustCompile(`^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$`)

func readDisk(ctx context.Context) ([]metric, error) {
	disks, err := disk.IOCountersWithContext(ctx)
	if err != nil {
		return nil, err
	}
	var out []metric
	for name, d := range disks {
		if noDisk.MatchString(name) {
			continue
		}
		for metricName, v := range map[string]float64{
			"reads_completed_total":          float64(d.ReadCount),
			"reads_merged_total":             float64(d.MergedReadCount),
			"read_bytes_total":               float64(d.ReadBytes),
			"read_time_seconds_total":        float64(d.ReadTime) / 1000,
			"writes_completed_total":         float64(d.WriteCount),
			"writes_merged_total":            float64(d.MergedWriteCount),
			"written_bytes_total":            float64(d.WriteBytes),
			"write_time_seconds_total":       float64(d.WriteTime) / 1000,
			"io_time_seconds_total":          float64(d.IoTime) / 1000,
			"io_time_weighted_seconds_total": float64(d.WeightedIO) / 1000,
		} {
			out = append(out, counter("node_disk_"+metricName, v, "device", name))
		}
		out = append(out, gauge("node_disk_io_now", float64(d.IopsInProgress), "device", name))
	}
	return out, nil
}

func readNetwork(ctx context.Context) ([]metric, error) {
	devices, err := net.IOCountersWithContext(ctx, true)
	if err != nil {
		return nil, err
	}
	var out []metric
	for _, d := range devices {
		for metricName, v := range map[string]uint64{
			"receive_bytes_total": d.BytesRecv, "receive_packets_total": d.PacketsRecv,
			"receive_errs_total": d.Errin, "receive_drop_total": d.Dropin, "receive_fifo_total": d.Fifoin,
			"transmit_bytes_total": d.BytesSent, "transmit_packets_total": d.PacketsSent,
			"transmit_errs_total": d.Errout, "transmit_drop_total": d.Dropout, "transmit_fifo_total": d.Fifoout,
		} {
			out = append(out, counter("node_network_"+metricName, float64(v), "device", d.Name))
		}
	}
	return out, nil
}

func readLoad(ctx context.Context) ([]metric, error) {
	l, err := load.AvgWithContext(ctx)
	if err != nil {
		return nil, err
	}
	return []metric{gauge("node_load1", l.Load1), gauge("node_load5", l.Load5), gauge("node_load15", l.Load15)}, nil
}

func readStat(ctx context.Context) ([]metric, error) {
	boot, err := host.BootTimeWithContext(ctx)
	if err != nil {
		return nil, err
	}
	out := []metric{
		gauge("node_boot_time_seconds", float64(boot)),
		gauge("node_time_seconds", float64(time.Now().UnixNano())/1e9),
	}
	if runtime.GOOS != "linux" {
		return out, nil
	}
	m, err := load.MiscWithContext(ctx)
	if err != nil {
		return out, err
	}
	return append(out,
		counter("node_context_switches_total", float64(m.Ctxt)),
		counter("node_forks_total", float64(m.ProcsCreated)),
		gauge("node_procs_running", float64(m.ProcsRunning)),
		gauge("node_procs_blocked", float64(m.ProcsBlocked))), nil
}

func readUname(ctx context.Context) ([]metric, error) {
	// host.InfoWithContext would say all of it and start a script each time to do so.
	release, err := host.KernelVersionWithContext(ctx)
	if err != nil {
		return nil, err
	}
	machine, err := host.KernelArch()
	if err != nil {
		return nil, err
	}
	name, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	sysname := runtime.GOOS
	if kernel := readLine("/proc/sys/kernel/ostype"); kernel != "" {
		sysname = kernel
	}
	return []metric{gauge("node_uname_info", 1,
		"sysname", sysname,
		"release", release,
		"version", readLine("/proc/sys/kernel/version"),
		"machine", machine,
		"nodename", name,
		"domainname", readLine("/proc/sys/kernel/domainname"))}, nil
}

// readLine returns a one-line file's content, "" where there is no such file.
func readLine(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
