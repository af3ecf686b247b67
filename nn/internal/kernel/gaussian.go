package kernel

import "math"

// GaussianBlock is the number of rows of a block of GaussianSums.
const GaussianBlock = 16

// gaussianLimit is where powers of two, and their products with other numbers, are
// still far from those that a processor is slow with.
const gaussianLimit = 64

// GaussianSums adds up rows r of d columns with the weights
//
//	w = 2ᵉ,   e = at[2d] − Σ_k (at[k] r_k − at[d+k])²,
//
// 0 for e below −64 and where it is NaN, and 2⁶⁴ at the most. refs is blocks of sixteen
// rows, each of which has its columns one after the other, sixteen numbers a column. In
// the same way lane l of sums has Σ w r_k of every sixteenth row and, in a column more,
// Σ w; each is added to in the order of the blocks.
//
// Nothing is fused: all paths have the same bits. 2ᶠ for the fraction f of e is a
// polynomial within 2e-7 of it.
func GaussianSums(sums, refs, at []float32, d int) {
	sums, refs = sums[:(d+1)*GaussianBlock], refs[:len(refs)/(d*GaussianBlock)*(d*GaussianBlock)]
	at = at[:2*d+1]
	if gaussianFast(sums, refs, at, d) {
		return
	}
	for ; len(refs) > 0; refs = refs[d*GaussianBlock:] {
		var w [GaussianBlock]float32
		for k := range d {
			scale, centre, r := at[k], at[d+k], (*[GaussianBlock]float32)(refs[k*GaussianBlock:])
			for l := range w {
				t := float32(scale*r[l]) - centre
				w[l] += float32(t * t)
			}
		}
		for l := range w {
			w[l] = gaussianWeight(at[2*d] - w[l])
		}
		for k := range d {
			sum, r := (*[GaussianBlock]float32)(sums[k*GaussianBlock:]), (*[GaussianBlock]float32)(refs[k*GaussianBlock:])
			for l := range w {
				sum[l] += float32(w[l] * r[l])
			}
		}
		sum := (*[GaussianBlock]float32)(sums[d*GaussianBlock:])
		for l := range w {
			sum[l] += w[l]
		}
	}
}

// gaussianWeight returns 2ᵉ within the limits.
func gaussianWeight(e float32) float32 {
	if !(e >= -gaussianLimit) {
		return 0
	}
	// round added to a number rounds it to an integer n, and leaves n + 127, the
	// exponent of 2ⁿ, in the low bits of the sum.
	const round = 0x1.8p23 + 127
	e = min(e, gaussianLimit)
	bits := e + round
	f := e - (bits - round)
	p := float32(f*0x1.5f089p-10) + 0x1.3d107p-07
	p = float32(p*f) + 0x1.c6af6cp-05
	p = float32(p*f) + 0x1.ebf906p-03
	p = float32(p*f) + 0x1.62e43p-01
	p = float32(p*f) + 0x1.000002p+00
	return p * math.Float32frombits(math.Float32bits(bits)<<23)
}
