package noise

import "math"

// pairs holds as many pairs of words as become pairs of normals at once.
type pairs struct {
	n      int
	a, b   [32]uint64
	z0, z1 [32]float64
}

// full reports whether a block of words may not fit any more.
func (p *pairs) full() bool { return p.n+2 > len(p.a) }

func (p *pairs) add(a, b uint64) {
	p.a[p.n], p.b[p.n] = a, b
	p.n++
}

// normals makes the normals. With vectors it always makes whole ones, also for
// a single pair, so that no normal depends on those made with it.
func (p *pairs) normals() {
	if n := (p.n + 7) &^ 7; boxMullers(p.z0[:n], p.z1[:n], p.a[:n], p.b[:n]) {
		return
	}
	for i := range p.n {
		p.z0[i], p.z1[i] = boxMuller(p.a[i], p.b[i])
	}
}

// boxMuller maps two words to two independent standard normals (Box and Muller
// 1958).
func boxMuller(a, b uint64) (z0, z1 float64) {
	r := math.Sqrt(-2 * math.Log(1-unit(a)))
	sin, cos := math.Sincos(2 * math.Pi * unit(b))
	return r * cos, r * sin
}
