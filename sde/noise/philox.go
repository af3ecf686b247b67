package noise

import "math/bits"

// block is Philox4x64-10 of Salmon et al. 2011: a bijection
// of the 256-bit counter for every 128-bit key, so different addresses under
// one key never give the same block.
//
// The words are single variables because the compiler keeps no array in
// registers, and two rounds stand in one turn because after two each is back in its
// place: with one, the compiler moves them all.
func block(a, b, c, d, k0, k1 uint64) (w0, w1, w2, w3 uint64) {
	const (
		mul0, mul1   = 0xD2E7470EE14C6C93, 0xCA5A826395121157
		weyl0, weyl1 = 0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B
	)
	for range 5 {
		hi0, lo0 := bits.Mul64(mul0, a)
		hi1, lo1 := bits.Mul64(mul1, c)
		a, c = hi1^b^k0, hi0^d^k1
		k0 += weyl0
		k1 += weyl1
		hi2, lo2 := bits.Mul64(mul0, a)
		hi3, lo3 := bits.Mul64(mul1, c)
		a, b, c, d = hi3^lo1^k0, lo3, hi2^lo0^k1, lo2
		k0 += weyl0
		k1 += weyl1
	}
	return a, b, c, d
}

// The second half of the key keeps apart the uses of one seed and address.
const (
	normals uint64 = iota
	uniforms
	words
	paths
)

// words4 returns the n-th block of four words of row at.Row of a draw.
func (at *Draw) words4(seed, use uint64, n int) (w0, w1, w2, w3 uint64) {
	a, b, c, d := at.counter()
	return block(a, b, c, d|uint64(n), seed, use)
}

// counter returns the counter of the first block.
func (at *Draw) counter() (a, b, c, d uint64) {
	return uint64(at.Row), uint64(at.Step), uint64(at.Slot) | uint64(at.Part)<<32, uint64(at.Purpose) << 56
}

// unit maps a word to the 2⁵³ equidistant numbers of [0, 1).
func unit(w uint64) float64 { return float64(w>>11) * 0x1p-53 }
