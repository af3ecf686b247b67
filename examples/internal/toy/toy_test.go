package toy

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset"
)

// Data fall into the modes evenly: with n draws and m modes the distance is
// about √(m/2πn), .011 and .009.
func TestDataFillTheirModesEvenly(t *testing.T) {
	for _, toy := range All() {
		x := dataset.Sample(toy.Open(rand.NewPCG(1, 1)), 10000)
		if toy.Modes == 0 {
			require.True(t, math.IsNaN(toy.ModeTV(x)), toy.Name)
			continue
		}
		require.Less(t, toy.ModeTV(x), 0.025, toy.Name)
		one := mat.NewDense(1, 2, x.RawRowView(0))
		require.InDelta(t, 1-1/float64(toy.Modes), toy.ModeTV(one), 1e-12, toy.Name)
	}
}

func TestEveryModeOfTheRingAndTheBoardIsItsOwn(t *testing.T) {
	for k := range 8 {
		sin, cos := math.Sincos(2 * math.Pi * float64(k) / 8)
		require.Equal(t, k, octant([]float64{1.4 * cos, 1.4 * sin}))
	}
	seen := map[int]bool{}
	for i := range 4 {
		for j := i % 2; j < 4; j += 2 {
			seen[cell([]float64{float64(i) - 1.9, float64(j) - 1.1})] = true
		}
	}
	require.Len(t, seen, 8)
}

func TestNamesAreKnown(t *testing.T) {
	for _, toy := range All() {
		got, err := Named(toy.Name)
		require.NoError(t, err)
		require.Equal(t, toy.GoodBound, got.GoodBound)
	}
	_, err := Named("sun")
	require.ErrorContains(t, err, `unknown dataset "sun"`)
}

// A program's README says what it can be asked for.
func TestREADMEsNameEveryToy(t *testing.T) {
	for _, program := range []string{"moons", "quality", "fewsteps", "families"} {
		text, err := os.ReadFile(filepath.Join("..", "..", program, "README.md"))
		require.NoError(t, err)
		row := regexp.MustCompile("(?m)^\\| `-(dataset|toys|data)` .*$").FindString(string(text))
		for _, toy := range All() {
			require.Contains(t, row, "`"+toy.Name+"`", "examples/%s/README.md", program)
		}
	}
}
