package main

import "context"

// measureMiddleware runs the emit package's own benchmark, in which promhttp's middleware runs beside it.
func measureMiddleware(ctx context.Context, b *bench) error {
	runs, err := b.benchmark(ctx, "./emit", "^BenchmarkHandler$/^(bare|emit|emit-traceparent|emit-untraced|promhttp)$", pick(b, "1s", "200ms"), pick(b, 5, 3))
	if err != nil {
		return err
	}
	bare := runs.get("Handler/bare", "ns/op")
	bareAllocs := runs.get("Handler/bare", "allocs/op")
	added := func(name string) (ns, allocs float64) {
		return runs.get("Handler/"+name, "ns/op") - bare, runs.get("Handler/"+name, "allocs/op") - bareAllocs
	}
	theirs, theirAllocs := added("promhttp")
	ns, allocs := added("emit-untraced")
	b.table.atMost("count, duration, in-flight, status: added a request", nanos, ns, theirs, 250)
	b.table.atMost("count, duration, in-flight, status: added allocations", plain, allocs, theirAllocs, 2)
	for _, name := range []string{"emit", "emit-traceparent"} {
		ns, allocs := added(name)
		b.table.info(name+", with trace and exemplar: added a request", nanos, ns, theirs)
		b.table.info(name+", with trace and exemplar: added allocations", plain, allocs, theirAllocs)
	}
	b.table.note("one processor; the peer is promhttp's in-flight, duration and counter middleware; the handler alone takes %s", show(bare, nanos))
	return nil
}
