package main

import (
	"github.com/gradlogp/gradlogp/sampler"
	"github.com/gradlogp/gradlogp/sampler/grid"
	"github.com/gradlogp/gradlogp/sde"
)

// budgets are the evaluations of the score that a sample may cost, the final
// denoise included.
var budgets = []int{10, 20, 40, 80, 160, 320}

// method is a predictor, alone or with a corrector, and the runs to make with
// it.
type method struct {
	name string
	// noise says that it draws random numbers on the way, so that there is no
	// exact end to compare a path with.
	noise bool
	runs  []run
}

// run is a method at one cost.
type run struct {
	predictor sampler.Predictor
	settings  sampler.Settings
	tolerance float64 // of an adaptive method
}

// fixed are the methods that make the steps of a grid: for each budget as many
// as it pays for.
func fixed(p sde.SDE) []method {
	steps := func(each int, pred sampler.Predictor, corr sampler.Corrector) (runs []run) {
		for _, b := range budgets {
			runs = append(runs, run{predictor: pred, settings: sampler.Settings{
				Grid: grid.Default(p, (b-1)/each+1), Corrector: corr,
			}})
		}
		return runs
	}
	// DPMFast is made for equal steps in log(α/σ), the last of them of a lower
	// order.
	fast := func(eta float64) (runs []run) {
		for _, b := range budgets {
			pred := sampler.DPMFast{Evaluations: b - 1, Eta: eta}
			runs = append(runs, run{predictor: pred, settings: sampler.Settings{
				Grid: grid.Exponential(p, 10, 0.01, pred.Steps()+1),
			}})
		}
		return runs
	}
	return []method{
		{name: "Euler", runs: steps(1, sampler.Euler{}, nil)},
		{name: "ReverseDiffusion{Flow}", runs: steps(1, sampler.ReverseDiffusion{Flow: true}, nil)},
		{name: "DDIM", runs: steps(1, sampler.DDIM{}, nil)},
		{name: "RungeKutta{Alpha: ½}", runs: steps(2, sampler.RungeKutta{Alpha: 0.5}, nil)},
		{name: "Heun", runs: steps(2, sampler.Heun{}, nil)},
		{name: "DPM2", runs: steps(2, sampler.DPM2{}, nil)},
		{name: "DPMpp2S", runs: steps(2, sampler.DPMpp2S{}, nil)},
		{name: "DPMSolver", runs: steps(3, sampler.DPMSolver{}, nil)},
		{name: "DPMFast", runs: fast(0)},
		{name: "DPMpp2M", runs: steps(1, sampler.DPMpp2M{}, nil)},
		{name: "DPMpp3M", runs: steps(1, sampler.DPMpp3M{}, nil)},
		{name: "UniPC", runs: steps(1, sampler.UniPC{}, nil)},
		{name: "LMS", runs: steps(1, sampler.LMS{}, nil)},
		{name: "Default: DEIS", runs: steps(1, sampler.Default(p), nil)},
		{name: "EulerMaruyama", noise: true, runs: steps(1, sampler.EulerMaruyama{}, nil)},
		{name: "EulerMaruyama, Langevin", noise: true, runs: steps(2, sampler.EulerMaruyama{}, sampler.Langevin{})},
		{name: "NoPredictor, Langevin", noise: true, runs: steps(1, sampler.NoPredictor{}, sampler.Langevin{})},
		{name: "ReverseDiffusion", noise: true, runs: steps(1, sampler.ReverseDiffusion{}, nil)},
		{name: "Ancestral{Upper}", noise: true, runs: steps(1, sampler.Ancestral{Upper: true}, nil)},
		{name: "EulerAncestral", noise: true, runs: steps(1, sampler.EulerAncestral{}, nil)},
		{name: "Heun{Churn: 10}", noise: true, runs: steps(2, sampler.Heun{Churn: sampler.Churn{SChurn: 10}}, nil)},
		{name: "DPM2Ancestral", noise: true, runs: steps(2, sampler.DPM2Ancestral{}, nil)},
		{name: "DPMpp2SAncestral", noise: true, runs: steps(2, sampler.DPMpp2SAncestral{}, nil)},
		{name: "DPMFast{Eta: 1}", noise: true, runs: fast(1)},
		{name: "DPMppSDE", noise: true, runs: steps(2, sampler.DPMppSDE{}, nil)},
		{name: "DPMpp2MSDE", noise: true, runs: steps(1, sampler.DPMpp2MSDE{}, nil)},
		{name: "DPMpp3MSDE", noise: true, runs: steps(1, sampler.DPMpp3MSDE{}, nil)},
	}
}

// adaptive are the methods that choose their steps by a tolerance.
func adaptive(p sde.SDE) []method {
	within := func(pred func(tol float64) sampler.Predictor, tolerances ...float64) (runs []run) {
		for _, tol := range tolerances {
			runs = append(runs, run{predictor: pred(tol), tolerance: tol, settings: sampler.Settings{Grid: grid.Default(p, 2)}})
		}
		return runs
	}
	return []method{
		{name: "DormandPrince", runs: within(func(tol float64) sampler.Predictor {
			return sampler.DormandPrince{RTol: tol, ATol: tol}
		}, 3e-2, 1e-2, 1e-3, 1e-4, 1e-5)},
		{name: "DPMAdaptive", runs: within(func(tol float64) sampler.Predictor {
			return sampler.DPMAdaptive{RTol: tol, ATol: tol}
		}, 3e-1, 1e-1, 1e-2, 1e-3)},
		{name: "DPMAdaptive{Eta: 1}", noise: true, runs: within(func(tol float64) sampler.Predictor {
			return sampler.DPMAdaptive{RTol: tol, ATol: tol, Eta: 1}
		}, 3e-1, 1e-1)},
		{name: "AdaptiveSDE", noise: true, runs: within(func(tol float64) sampler.Predictor {
			return sampler.AdaptiveSDE{RTol: tol, ATol: tol}
		}, 3e-1, 1e-1)},
	}
}
