package main

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/twosample"
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
)

// solver is one that takes part in a race; cost is the number of evaluations of its steps.
type solver struct {
	name string
	pred sampler.Predictor
	cost int
}

var solvers = []solver{
	{"DDIM (Euler)", sampler.DDIM{}, 1},
	{"Euler ancestral", sampler.EulerAncestral{}, 1},
	{"Heun", sampler.Heun{}, 2},
	{"DPM-Solver++ 2M", sampler.DPMpp2M{}, 1},
	{"UniPC", sampler.UniPC{}, 1},
	{"DEIS (default)", sampler.DEIS{}, 1},
}

// Racing paths have this many points; so have the data that they are compared with.
const racers = 400

// result is what a solver has reached with its evaluations: its path, the number of
// evaluations at each of the path's points, the sliced Wasserstein-2 distance of its
// samples to data, and that of other data to the same.
type result struct {
	path
	evaluations     []int
	distance, floor float64
}

// race runs one solver for all classes from the noise with as many evaluations as fit into
// the given number. The last one is the denoising at the end.
func (p *play) race(s solver, evaluations int) (result, error) {
	steps := (evaluations - 1) / s.cost
	if steps < 1 {
		return result{}, fmt.Errorf("%d evaluations: %s wants at least %d", evaluations, s.name, s.cost+1)
	}
	problem := p.model.Problem()
	w, err := p.walk(problem, s.pred, grid.Default(problem.SDE, steps+1), mat.NewDense(racers, 2, nil), false)
	if err != nil {
		return result{}, err
	}
	r := result{path: w}
	for k := range w.at {
		r.evaluations = append(r.evaluations, min(k*s.cost, steps*s.cost+1))
	}
	data, err := p.open(1)
	if err != nil {
		return result{}, err
	}
	draw := func() *mat.Dense { return mat.DenseCopyOf(some(data, racers).Slice(0, racers, 0, 2)) }
	truth, directions := draw(), twosample.Directions(32, 2, 0)
	r.distance = twosample.SlicedW2(w.at[len(w.at)-1], truth, directions)
	r.floor = twosample.SlicedW2(draw(), truth, directions)
	return r, nil
}
