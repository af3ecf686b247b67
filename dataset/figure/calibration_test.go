package figure

import (
	"bytes"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/calibration"
)

// trials are those of θ ~ N(0, I) and x = θ + ε, whose posterior is N(x/2, I/2), with
// deviations of the draws scaled.
func trials(n, draws, d int, scale float64) *calibration.Trials {
	rng := rand.New(rand.NewPCG(1, 1))
	t := &calibration.Trials{Theta: mat.NewDense(n, d, nil), Draws: mat.NewDense(n*draws, d, nil)}
	for i := range n {
		for j := range d {
			theta := rng.NormFloat64()
			x := theta + rng.NormFloat64()
			t.Theta.Set(i, j, theta)
			for l := range draws {
				t.Draws.Set(i*draws+l, j, x/2+0.7071*scale*rng.NormFloat64())
			}
		}
	}
	return t
}

// What the panels are made of: a curve at the levels between (0, 0) and its end.
func TestCalibrationCurvesAreThoseOfTheResult(t *testing.T) {
	r, err := calibration.SBC(trials(80, 19, 2, 0.4), nil, nil)
	require.NoError(t, err)
	for _, difference := range []bool{true, false} {
		p := functions(r, difference)
		red := 0
		for _, l := range p.Layers[2:] {
			line := l.(Line)
			u := r.Quantities[0]
			if line.Label == r.Quantities[1].Name {
				u = r.Quantities[1]
			}
			red++
			require.Equal(t, solid[0], line.Color, "both are too narrow")
			for k, z := range r.Level {
				require.Equal(t, z, line.X.At(k+1, 0))
				want := u.ECDF[k]
				if difference {
					want -= z
				}
				require.Equal(t, want, line.X.At(k+1, 1))
			}
			end := line.X.At(len(r.Level)+1, 1)
			require.Equal(t, difference, end == 0)
		}
		require.Equal(t, 2, red)
	}
	p := RankHistogram(r, 0)
	bars := p.Layers[0].(Area).X
	for b, count := range r.Quantities[0].Counts {
		mean := 80 * float64(r.Edges[b+1]-r.Edges[b]) / 20
		require.InDelta(t, float64(count)/mean, bars.At(2*b+1, 1), 1e-12)
	}
}

func TestCalibrationsOfAnySizeAreDrawn(t *testing.T) {
	for _, c := range []struct {
		n, draws, d int
		scale       float64
	}{{1, 1, 1, 1}, {5, 9, 1, 1}, {5, 1, 3, 1}, {60, 30, 8, 0.3}, {60, 30, 8, 1}} {
		tr := trials(c.n, c.draws, c.d, c.scale)
		sbc, err := calibration.SBC(tr, tr.Products(), nil)
		require.NoError(t, err)
		tarp, err := calibration.TARP(tr, nil, nil)
		require.NoError(t, err)
		draw := func() []byte {
			var b bytes.Buffer
			require.NoError(t, WritePNG(&b, [][]Panel{{RankHistogram(sbc, 0), ECDFDifference(sbc), CoverageCurve(tarp)}}, 600, 200))
			return b.Bytes()
		}
		first := draw()
		_, err = png.Decode(bytes.NewReader(first))
		require.NoError(t, err)
		require.Equal(t, first, draw())
	}
	r, err := calibration.SBC(trials(5, 2, 1, 1), nil, nil)
	require.NoError(t, err)
	require.PanicsWithValue(t, "figure: RankHistogram: quantity is 1, want 0 to 0", func() { RankHistogram(r, 1) })
}
