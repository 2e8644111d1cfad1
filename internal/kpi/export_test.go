package kpi

// Held returns how many slots and waiting rows a meter keeps.
func Held(m *Meter) int {
	n := len(m.order[0].rows.slots)
	if m.rows.pairs != nil {
		n += m.rows.pairs.rows + len(m.rows.pairs.queue)
	}
	return n
}
