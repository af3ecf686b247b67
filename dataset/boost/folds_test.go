package boost

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

func TestFoldsHoldEquallyManyOfEachClass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := rapid.SliceOfN(rapid.IntRange(0, 4), 2, 60).Draw(t, "y")
		folds := rapid.IntRange(2, len(y)).Draw(t, "folds")
		counts := map[int]map[int]int{}
		for i, f := range stratify(y, folds, 1) {
			for _, class := range []int{y[i], -1} { // -1: all
				if counts[class] == nil {
					counts[class] = map[int]int{}
				}
				counts[class][f]++
			}
		}
		for class, c := range counts {
			least, most := len(y), 0
			for f := range folds {
				least, most = min(least, c[f]), max(most, c[f])
			}
			require.LessOrEqual(t, most-least, 1, "class %d", class)
		}
	})
}

// accuracy returns the share of rows whose class is the likeliest.
func accuracy(p *mat.Dense, y []int) (share float64) {
	for i, c := range y {
		if p.At(i, c) == mat.Max(p.RowView(i)) {
			share += 1 / float64(len(y))
		}
	}
	return share
}

func TestOutOfFoldKnowsNoTargetOfItsFold(t *testing.T) {
	x, y := friedman(600, 1)
	rng := rand.New(rand.NewPCG(2, 1))
	chance := make([]int, len(y))
	for i := range chance {
		chance[i] = rng.IntN(2)
	}
	s := &Settings{Trees: 20, LeafRows: 1}
	inside := probabilities(t, x, chance, 2, s)
	require.Greater(t, accuracy(inside, chance), 0.9, "learned by heart")
	p, _, err := OutOfFold(x, chance, 2, 5, 3, s)
	require.NoError(t, err)
	require.InDelta(t, 0.5, accuracy(p, chance), 0.08)
	high := above(y, 14)
	p, _, err = OutOfFold(x, high, 2, 5, 3, s)
	require.NoError(t, err)
	require.Greater(t, accuracy(p, high), 0.8)
}

func TestOutOfFoldDependsOnSeedOnly(t *testing.T) {
	x, y := friedman(200, 4)
	c := above(y, 11, 16)
	run := func(seed uint64, workers int) *mat.Dense {
		p, _, err := OutOfFold(x, c, 4, 3, seed, &Settings{Trees: 5, Workers: workers})
		require.NoError(t, err)
		return p
	}
	want := run(1, 1)
	for _, workers := range []int{0, 2, 3, 7} {
		require.Equal(t, want, run(1, workers))
	}
	require.NotEqual(t, want, run(2, 1))
	for i := range c {
		require.InDelta(t, 1, mat.Sum(want.RowView(i)), 1e-12)
		require.Zero(t, want.At(i, 3))
	}
}

// As many folds as rows: each row by all others.
func TestLeavingOneOut(t *testing.T) {
	p, fold, err := OutOfFold(column(1, 2, 3, 4), []int{0, 0, 0, 1}, 2, 4, 1, nil)
	require.NoError(t, err)
	require.ElementsMatch(t, []int{0, 1, 2, 3}, fold)
	require.InDeltaSlice(t, []float64{1. / 3, 1. / 3, 1. / 3, 0}, mat.Col(nil, 1, p), 1e-12)
}

func TestFaultsOfOutOfFold(t *testing.T) {
	x, y := friedman(20, 5)
	c := above(y, 14)
	for _, folds := range []int{-1, 0, 1, 21} {
		_, _, err := OutOfFold(x, c, 2, folds, 0, nil)
		require.ErrorIs(t, err, ErrRange)
		require.ErrorContains(t, err, "OutOfFold: folds: is ")
	}
	_, _, err := OutOfFold(x, c, 2, 5, 0, &Settings{Trees: -1})
	require.ErrorContains(t, err, "boost: OutOfFold: Settings.Trees")
	_, _, err = OutOfFold(x, c, -1, 5, 0, nil)
	require.ErrorIs(t, err, ErrRange)
	c[4] = 2
	_, _, err = OutOfFold(x, c, 2, 5, 0, nil)
	require.ErrorContains(t, err, "row 4 is 2")
	require.PanicsWithValue(t, "boost: OutOfFold: y has 19 values for 20 rows", func() { OutOfFold(x, c[:19], 2, 5, 0, nil) })
}
