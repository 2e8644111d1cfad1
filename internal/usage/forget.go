package usage

import (
	"context"

	"github.com/RoaringBitmap/roaring/v2"
)

// Forget removes people, named by their pseudonyms or anonymous sessions, from every set, group and file of the room, and
// returns how many were known. When it returns without an error nothing that was made from a pseudonym is left on disk; what
// was counted of them, without a name, stays. The rows have to be erased before, or the next start would read them again.
func (r *Room) Forget(ctx context.Context, pseudonyms []string) (int, error) {
	r.mu.Lock()
	found := 0
	for _, id := range pseudonyms {
		for _, as := range [][2]string{{id, ""}, {"", id}} {
			key, ok := personOf(as[0], as[1])
			if !ok {
				continue
			}
			n, ok := r.state.number[key]
			if !ok {
				continue
			}
			found++
			r.state.forget(n)
			r.failures.forget(n)
			r.state.drop(n)
		}
	}
	r.mu.Unlock()
	if found == 0 {
		return 0, nil
	}
	return found, r.Checkpoint(ctx)
}

// forget removes a number from all sets.
func (s *state) forget(n uint32) {
	for _, x := range s.days {
		for _, set := range x.sets {
			if set.active.CheckedRemove(n) {
				set.fresh.Remove(n)
				x.version++
				x.dirty = true
			}
		}
		for _, f := range x.features {
			if f.people != nil && f.people.CheckedRemove(n) {
				x.dirty = true
			}
		}
	}
	for id, m := range s.ever {
		if m.CheckedRemove(n) {
			s.everDirty[id] = true
		}
	}
	for id := range s.slices {
		s.live.drop(uint64(id)<<32 | uint64(n))
	}
}

// forgetIdle drops people who are in no day and no error group any more.
func (r *Room) forgetIdle() {
	s := r.state
	var sets []*roaring.Bitmap
	for _, x := range s.days {
		if all := x.sets[0]; all != nil {
			sets = append(sets, all.active)
		}
	}
	for _, g := range r.failures.groups {
		sets = append(sets, g.people)
	}
	used := roaring.FastOr(sets...)
	for n, key := range s.keys {
		if key == (person{}) || used.Contains(uint32(n)) {
			continue
		}
		for id, m := range s.ever {
			if m.CheckedRemove(uint32(n)) {
				s.everDirty[id] = true
			}
		}
		s.drop(uint32(n))
	}
}
