//go:build (amd64 || arm64) && !purego

package noise

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// The first words meet every octant's ends, and the ends of the logarithm's
// argument and of its range reduction.
func TestVectorsMakeTheNormalsOfTheScalarTransform(t *testing.T) {
	edges := []uint64{0, 1, 1 << 11, 1<<11 - 1, math.MaxUint64, math.MaxUint64 - 1<<11}
	for octant := range uint64(8) {
		edges = append(edges, octant<<61, octant<<61-1<<11, octant<<61+1<<11)
	}
	for _, u := range []float64{1 - math.Sqrt2/2, 0.5, 1 - math.Sqrt2/4} {
		w := uint64(u*0x1p53) << 11
		edges = append(edges, w-1<<11, w, w+1<<11)
	}
	var a, b []uint64
	for _, x := range edges {
		for _, y := range edges {
			a, b = append(a, x), append(b, y)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for len(a) < 1<<17 {
		a, b = append(a, rng.Uint64()), append(b, rng.Uint64())
	}
	forVectors(t, func(t *testing.T) {
		z0, z1 := make([]float64, len(a)), make([]float64, len(a))
		require.True(t, boxMullers(z0, z1, a, b))
		for i := range a {
			want0, want1 := boxMuller(a[i], b[i])
			requireSame(t, want0, z0[i], a[i], b[i])
			requireSame(t, want1, z1[i], a[i], b[i])
		}
	})
}

// Every kind of vectors has the bits of amd64's scalar transform, also where the
// compiler's differ from these.
func TestNormalsHaveTheSameBitsWithEveryKindOfVectors(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	a, b := make([]uint64, 1<<12), make([]uint64, 1<<12)
	for i := range a {
		a[i], b[i] = rng.Uint64(), rng.Uint64()
	}
	forVectors(t, func(t *testing.T) {
		z0, z1 := make([]float64, len(a)), make([]float64, len(a))
		require.True(t, boxMullers(z0, z1, a, b))
		h := fnv.New64a()
		for _, z := range append(z0, z1...) {
			h.Write(binary.LittleEndian.AppendUint64(nil, math.Float64bits(z)))
		}
		require.Equal(t, uint64(0xfc4bec47a499f7ad), h.Sum64(), "%#x", h.Sum64())
	})
}

// requireSame wants the same bits, unless the compiler fuses products and sums
// (arm64, GOAMD64=v3), which the vectors never do.
func requireSame(t *testing.T, want, got float64, a, b uint64) {
	if fuses(1+0x1p-30, -1-0x1p-29) && math.Abs(got-want) <= 1e-15 {
		return
	}
	if math.Float64bits(got) != math.Float64bits(want) {
		t.Fatalf("words %#x, %#x: %v, want %v", a, b, got, want)
	}
}

//go:noinline
func fuses(x, y float64) bool { return x*x+y != float64(x*x)+y }

func TestNormalsDoNotDependOnWhichAreMadeTogether(t *testing.T) {
	forVectors(t, func(t *testing.T) {
		for cols := range 12 {
			const rows = 41
			at := Draw{Purpose: Perturb, Step: 3, Row: 7}
			z := make([]float64, rows*cols)
			White{5}.Rows(z, cols, at)
			wide := mat.NewDense(rows, cols+3, nil)
			if cols > 0 {
				White{5}.Normal(wide.Slice(0, rows, 0, cols).(*mat.Dense), at)
			}
			for r := range rows {
				row := make([]float64, cols)
				White{5}.Rows(row, cols, Draw{Purpose: Perturb, Step: 3, Row: 7 + r})
				require.Equal(t, row, z[r*cols:(r+1)*cols])
				require.Equal(t, append(row, 0, 0, 0), wide.RawRowView(r), "and nothing beside them")
			}
		}
	})
}
