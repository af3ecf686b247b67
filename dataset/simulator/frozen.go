package simulator

import "math"

// frozenSeed is the benchmark's seed of all that is fixed.
const frozenSeed = 42

// frozen makes what the benchmark drew once and fixed, by the generator it was drawn
// with: the twister MT19937 ("Mersenne Twister: A 623-dimensionally equidistributed uniform
// pseudo-random number generator", Matsumoto and Nishimura 1998) with doubles of 53 bits and
// normals by the polar method. It is for nothing else.
type frozen struct {
	state  [624]uint32
	at     int
	second float64 // the normal made with the last one
	has    bool
}

func newFrozen() *frozen {
	f := &frozen{at: 624}
	f.state[0] = frozenSeed
	for i := 1; i < len(f.state); i++ {
		s := f.state[i-1]
		f.state[i] = 1812433253*(s^s>>30) + uint32(i)
	}
	return f
}

func (f *frozen) uint32() uint32 {
	if f.at == len(f.state) {
		f.twist()
	}
	y := f.state[f.at]
	f.at++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

func (f *frozen) twist() {
	n := len(f.state)
	for i := range n {
		y := f.state[i]&0x80000000 | f.state[(i+1)%n]&0x7fffffff
		f.state[i] = f.state[(i+397)%n] ^ y>>1
		if y&1 == 1 {
			f.state[i] ^= 0x9908b0df
		}
	}
	f.at = 0
}

func (f *frozen) float64() float64 {
	high, low := f.uint32()>>5, f.uint32()>>6
	return (float64(high)*(1<<26) + float64(low)) / (1 << 53)
}

func (f *frozen) normal() float64 {
	if f.has {
		f.has = false
		return f.second
	}
	for {
		u, v := 2*f.float64()-1, 2*f.float64()-1
		if r := u*u + v*v; r < 1 && r > 0 {
			c := math.Sqrt(-2 * math.Log(r) / r)
			f.second, f.has = c*u, true
			return c * v
		}
	}
}

// permutation shuffles 0, …, n−1 from the end, with indices by rejection.
func (f *frozen) permutation(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	for i := n - 1; i > 0; i-- {
		mask := uint32(1)
		for int(mask) < i {
			mask = mask<<1 | 1
		}
		j := int(f.uint32() & mask)
		for j > i {
			j = int(f.uint32() & mask)
		}
		p[i], p[j] = p[j], p[i]
	}
	return p
}
