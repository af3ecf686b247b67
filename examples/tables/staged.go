package main

import (
	"context"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/table"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/score"
)

// staged draws rows of a model that was trained on rows with missing cells. A cell
// that is drawn is one that is there, so that rows of which every cell is drawn are
// rows like the complete ones. First what is never missing is drawn, and whether the
// rest is, then those that came out to be there.
type staged struct {
	m *score.Model
	// group is, for every coded column with missing cells, the column that says so,
	// −1 without, and limit what it is above where they are missing.
	group []int
	limit []float64
}

// newStaged finds the columns with missing cells in the coded rows x.
func newStaged(m *score.Model, c *table.Codec, x *mat.Dense) *staged {
	n, d := x.Dims()
	s := &staged{m: m, group: make([]int, d), limit: make([]float64, d)}
	for k := range d {
		s.group[k] = -1
		for _, g := range c.Indicators() {
			there, missing := math.Inf(-1), math.Inf(1)
			for i := range n {
				if v := x.At(i, g); math.IsNaN(x.At(i, k)) {
					missing = min(missing, v)
				} else {
					there = max(there, v)
				}
			}
			if there < missing && !math.IsInf(missing, 0) {
				s.group[k], s.limit[k] = g, (there+missing)/2
			}
		}
	}
	return s
}

// fill draws rows; cells that come out missing are 0.
func (s *staged) fill(ctx context.Context, x *mat.Dense, seed uint64, workers int) error {
	n, _ := x.Dims()
	settings := &sampler.Settings{Seed: seed, Workers: workers}
	p := s.m.Problem()
	known := mat.DenseCopyOf(x)
	incomplete := false
	for k, g := range s.group {
		for i := range n {
			known.Set(i, k, math.NaN())
			if g >= 0 {
				known.Set(i, k, math.Inf(1))
				incomplete = true
			}
		}
	}
	if !incomplete {
		return sampler.Sample(ctx, x, p, sampler.Default(p.SDE), settings)
	}
	p = s.m.Observe(score.Observed{Values: known}).Problem()
	if err := sampler.Sample(ctx, x, p, sampler.Default(p.SDE), settings); err != nil {
		return err
	}
	for k, g := range s.group {
		for i := range n {
			switch {
			case g < 0:
				known.Set(i, k, x.At(i, k))
			case x.At(i, g) < s.limit[k]:
				known.Set(i, k, math.NaN())
			}
		}
	}
	p = s.m.Observe(score.Observed{Values: known}).Problem()
	if err := sampler.Sample(ctx, x, p, sampler.Default(p.SDE), settings); err != nil {
		return err
	}
	x.Apply(func(i, k int, v float64) float64 {
		if math.IsNaN(v) {
			return 0
		}
		return v
	}, x)
	return nil
}
