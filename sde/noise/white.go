package noise

import "gonum.org/v1/gonum/mat"

// White serves independent standard normals: entries 4n…4n+3 of a row come from
// the row's n-th block of words, by two pairs
//
//	z₁ = √(−2 ln u) cos 2πv,   z₂ = √(−2 ln u) sin 2πv
//
// of Box & Muller 1958. It ignores T and U.
type White struct{ Seed uint64 }

// Normal implements Source.
func (s White) Normal(dst *mat.Dense, at Draw) {
	m := dst.RawMatrix()
	s.fill(m.Data, m.Rows, m.Cols, m.Stride, at)
}

const badRows = "noise: z is not as long as rows of cols columns"

// Rows is Normal for rows of cols columns that lie in z one behind the other.
// It panics when they do not fill it.
func (s White) Rows(z []float64, cols int, at Draw) {
	rows := len(z) / max(cols, 1)
	if rows*cols != len(z) {
		panic(badRows)
	}
	s.fill(z, rows, cols, cols, at)
}

// fill fills rows that start stride apart.
func (s White) fill(z []float64, rows, cols, stride int, at Draw) {
	var p pairs
	to, toCol := 0, 0 // where the next pair belongs
	for row, col := 0, 0; row < rows && cols > 0; {
		for p.n = 0; row < rows && !p.full(); {
			w0, w1, w2, w3 := at.words4(s.Seed, normals, col/4)
			p.add(w0, w1)
			if cols-col > 2 {
				p.add(w2, w3)
			}
			if col += 4; col >= cols {
				row, col = row+1, 0
				at.Row++
			}
		}
		p.normals()
		for i := range p.n {
			z[to+toCol] = p.z0[i]
			if toCol+1 < cols {
				z[to+toCol+1] = p.z1[i]
			}
			if toCol += 2; toCol >= cols {
				to, toCol = to+stride, 0
			}
		}
	}
}

// Uniform fills dst with independent numbers on [0, 1) that belong to row
// at.Row of the draw. It ignores T and U.
func Uniform(dst []float64, seed uint64, at Draw) {
	a, b, c, d := at.counter()
	whole := len(dst) &^ 3
	for j := 0; j < whole; j += 4 {
		w0, w1, w2, w3 := block(a, b, c, d|uint64(j/4), seed, uniforms)
		four := dst[j : j+4 : j+4]
		four[0], four[1], four[2], four[3] = unit(w0), unit(w1), unit(w2), unit(w3)
	}
	if rest := dst[whole:]; len(rest) > 0 {
		w0, w1, w2, _ := block(a, b, c, d|uint64(whole/4), seed, uniforms)
		copy(rest, []float64{unit(w0), unit(w1), unit(w2)})
	}
}
