package usage

import "crypto/sha256"

// person is what a pseudonym or an anonymous session is known by: a hash, so that no file of the room holds the thing itself.
type person [16]byte

// personOf hashes whom a row belongs to: the user, else the session of somebody unknown. ok is false for a row of nobody.
func personOf(user, session string) (p person, ok bool) {
	switch {
	case user != "":
		sum := sha256.Sum256([]byte(user))
		return person(sum[:16]), true
	case session != "":
		sum := sha256.Sum256(append([]byte("session\x00"), session...))
		return person(sum[:16]), true
	}
	return person{}, false
}

// chunkSize is how many people one part of the checkpoint holds.
const chunkSize = 1 << 16

// people gives everybody a dense number, so that a set of people is a bitmap. Numbers of people who are gone are used again.
type people struct {
	number map[person]uint32
	keys   []person // by number; zero where it is free
	free   []uint32
	dirty  map[int]bool // chunks
	most   int
	beyond float64 // events of people for whom there was no room

	lastUser, lastSession string // of the row before: rows come in runs of one person
	lastNumber            uint32
	lastOK                bool
}

func newPeople(most int) people {
	return people{number: map[person]uint32{}, dirty: map[int]bool{}, most: most}
}

// of returns the number of whom a row belongs to, a new one if need be. The strings are not kept.
func (p *people) of(user, session string) (uint32, bool) {
	if user == "" && session == "" {
		return 0, false
	}
	if p.lastOK && user == p.lastUser && (user != "" || session == p.lastSession) {
		return p.lastNumber, true
	}
	key, _ := personOf(user, session)
	n, ok := p.number[key]
	if !ok {
		if len(p.number) >= p.most {
			p.beyond++
			return 0, false
		}
		if k := len(p.free); k > 0 {
			n, p.free = p.free[k-1], p.free[:k-1]
			p.keys[n] = key
		} else {
			n = uint32(len(p.keys))
			p.keys = append(p.keys, key)
		}
		p.number[key] = n
		p.dirty[int(n)/chunkSize] = true
	}
	p.lastUser, p.lastSession, p.lastNumber, p.lastOK = user, session, n, true
	return n, true
}

// settle drops the strings of the batch that was just read: its memory belongs to the gate.
func (p *people) settle() { p.lastUser, p.lastSession, p.lastOK = "", "", false }

// drop forgets a person; nothing may refer to the number any more.
func (p *people) drop(n uint32) {
	delete(p.number, p.keys[n])
	p.keys[n] = person{}
	p.free = append(p.free, n)
	p.dirty[int(n)/chunkSize] = true
}
