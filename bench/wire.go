package main

import (
	std "bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"net/http"

	"github.com/klauspost/compress/snappy"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/prompb"
	writev2 "github.com/prometheus/prometheus/prompb/io/prometheus/write/v2"
)

// protocol is a version of remote write.
type protocol struct{ name, contentType, version string }

var (
	write1 = protocol{"1.0", "application/x-protobuf", "0.1.0"}
	write2 = protocol{"2.0", "application/x-protobuf;proto=io.prometheus.write.v2.Request", "2.0.0"}
)

// perRequest is how many series a request carries: what Prometheus' own sender sends at most in one go is of this order.
const perRequest = 5000

// series is one pushed series; its counter grows by weight a second.
type series struct {
	labels labels.Labels
	weight float64
}

// message is an encoded request whose timestamps and values are set before each sending, so that the sender costs little.
type message struct {
	plain   []byte
	at      []int // where each sample's value stands; its timestamp, a varint of six bytes, follows one byte after it
	weights []float64
	samples int // of each series
}

// epoch is a timestamp of six bytes, as all of this century's are.
const epoch = int64(1_700_000_000_000)

// encode makes requests of at most size series with so many samples each.
func encode(all []series, p protocol, size, samples int) ([]*message, error) {
	var out []*message
	for len(all) > 0 {
		part := all[:min(size, len(all))]
		all = all[len(part):]
		m := &message{samples: samples}
		var err error
		if p == write2 {
			m.plain, err = encode2(part, samples)
		} else {
			m.plain, err = encode1(part, samples)
		}
		if err != nil {
			return nil, err
		}
		mark := binary.LittleEndian.AppendUint64([]byte{9}, math.Float64bits(math.Pi))
		for p := 0; ; {
			i := std.Index(m.plain[p:], mark)
			if i < 0 {
				break
			}
			m.at = append(m.at, p+i+1)
			p += i + len(mark)
		}
		if len(m.at) != len(part)*samples {
			return nil, fmt.Errorf("encode remote write %s: %d samples found of %d", p.name, len(m.at), len(part)*samples)
		}
		for _, s := range part {
			m.weights = append(m.weights, s.weight)
		}
		out = append(out, m)
	}
	return out, nil
}

func encode1(part []series, samples int) ([]byte, error) {
	var req prompb.WriteRequest
	ss := make([]prompb.Sample, samples)
	for i := range ss {
		ss[i] = prompb.Sample{Value: math.Pi, Timestamp: epoch}
	}
	for _, s := range part {
		req.Timeseries = append(req.Timeseries, prompb.TimeSeries{Labels: prompb.FromLabels(s.labels, nil), Samples: ss})
	}
	return req.Marshal()
}

func encode2(part []series, samples int) ([]byte, error) {
	symbols := writev2.NewSymbolTable()
	var req writev2.Request
	ss := make([]writev2.Sample, samples)
	for i := range ss {
		ss[i] = writev2.Sample{Value: math.Pi, Timestamp: epoch}
	}
	for _, s := range part {
		req.Timeseries = append(req.Timeseries, writev2.TimeSeries{LabelsRefs: symbols.SymbolizeLabels(s.labels, nil), Samples: ss})
	}
	req.Symbols = symbols.Symbols()
	return req.Marshal()
}

// set gives every series samples at from, from+step, ... and compresses the message into buf.
func (m *message) set(from, step int64, buf []byte) []byte {
	for i, p := range m.at {
		t := from + int64(i%m.samples)*step
		// Not quite steady: a counter that always grows by the same compresses to nothing, and none does.
		v := math.Floor((float64(t-epoch)/100 + 5*noise(uint64(t)+uint64(i/m.samples)<<44)) * m.weights[i/m.samples])
		binary.LittleEndian.PutUint64(m.plain[p:], math.Float64bits(v))
		binary.PutUvarint(m.plain[p+9:], uint64(t))
	}
	return snappy.Encode(buf[:cap(buf)], m.plain)
}

// noise mixes x into a number from 0 to 1, as splitmix64 does.
func noise(x uint64) float64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}

// values gives the samples, one of each series, these values at an instant and compresses the message into buf.
func (m *message) values(t int64, v []float64, buf []byte) []byte {
	for i, p := range m.at {
		binary.LittleEndian.PutUint64(m.plain[p:], math.Float64bits(v[i]))
		binary.PutUvarint(m.plain[p+9:], uint64(t))
	}
	return snappy.Encode(buf[:cap(buf)], m.plain)
}

// push sends one compressed request.
func push(ctx context.Context, p *process, v protocol, compressed []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url("/api/v1/write"), std.NewReader(compressed))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", v.contentType)
	req.Header.Set("Content-Encoding", "snappy")
	req.Header.Set("X-Prometheus-Remote-Write-Version", v.version)
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	_, err = body(res, p.name+" remote write")
	return err
}

// pass sends all messages once, one after the other, with samples from an instant on, to each server in turn.
func pass(ctx context.Context, ms []*message, v protocol, from, step int64, to ...*process) error {
	var buf []byte
	for _, m := range ms {
		buf = m.set(from, step, buf)
		for _, p := range to {
			if err := push(ctx, p, v, buf); err != nil {
				return err
			}
		}
	}
	return nil
}
