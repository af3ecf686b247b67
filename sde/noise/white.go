package noise

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// White serves independent standard normals. It ignores T and U.
type White struct{ Seed uint64 }

// Normal implements Source.
func (s White) Normal(dst *mat.Dense, at Draw) {
	rows, _ := dst.Dims()
	for i := range rows {
		s.Row(dst.RawRowView(i), at)
		at.Row++
	}
}

// Row fills z with the normals of row at.Row alone. Its length may be anything:
// entries 4n…4n+3 come from the row's n-th block by two Box–Muller pairs
//
//	z₁ = √(−2 ln u) cos 2πv,   z₂ = √(−2 ln u) sin 2πv.
func (s White) Row(z []float64, at Draw) {
	for j := 0; j < len(z); j += 4 {
		w0, w1, w2, w3 := at.words4(s.Seed, normals, j/4)
		var four [4]float64
		four[0], four[1] = boxMuller(w0, w1)
		if len(z)-j > 2 {
			four[2], four[3] = boxMuller(w2, w3)
		}
		copy(z[j:], four[:])
	}
}

func boxMuller(a, b uint64) (z0, z1 float64) {
	r := math.Sqrt(-2 * math.Log(1-unit(a)))
	sin, cos := math.Sincos(2 * math.Pi * unit(b))
	return r * cos, r * sin
}

// Uniform fills dst with independent numbers on [0, 1) that belong to row
// at.Row of the draw. It ignores T and U.
func Uniform(dst []float64, seed uint64, at Draw) {
	for j := 0; j < len(dst); j += 4 {
		w0, w1, w2, w3 := at.words4(seed, uniforms, j/4)
		four := [4]float64{unit(w0), unit(w1), unit(w2), unit(w3)}
		copy(dst[j:], four[:])
	}
}
