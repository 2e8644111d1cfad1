package demo

import "sync"

// register is the accept service's memory of who has filed, the newest filings only.
type register struct {
	mu     sync.Mutex
	filed  map[string]int64
	newest [registerSize]string
	next   int
}

const registerSize = 20_000

// add books a taxpayer's filing and reports false if another filing of theirs stands.
func (r *register) add(taxpayer string, number int64) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.filed == nil {
		r.filed = map[string]int64{}
	}
	if standing, ok := r.filed[taxpayer]; ok {
		return standing == number // the same filing sent again is no second one
	}
	delete(r.filed, r.newest[r.next])
	r.newest[r.next] = taxpayer
	r.next = (r.next + 1) % registerSize
	r.filed[taxpayer] = number
	return true
}
