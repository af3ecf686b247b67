package simulator

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

const (
	populations = 4
	members     = 1024 // of a population
	moves       = 3    // of every member between two steps of tempering
	mostMoves   = 1000
	mostSteps   = 200
	mostBetween = 6 // variance between populations, in units of that of independent draws
)

// latent is a distribution of u and a map from u to parameters, whose image is their prior.
type latent struct {
	Prior
	parameters func(theta, u []float64)
}

// temper fills the rows of dst with draws from the posterior of a task by populations of a size
// that are tempered from the prior.
func temper(ctx context.Context, t Task, dst *mat.Dense, x []float64, seed uint64, size int, prior latent) error {
	n, d := dst.Dims()
	all := make([]*population, populations)
	failed := make([]error, populations)
	for g := range all {
		all[g] = &population{
			seed: seed, group: uint64(g), size: size, dim: d,
			prior: prior, u: make([]float64, size*d), logL: make([]float64, size),
			logLikelihood: func(u, theta []float64) float64 {
				prior.parameters(theta, u)
				return t.LogLikelihood(x, theta)
			},
		}
	}
	err := chunks(ctx, populations, 1, func(g, _ int) { failed[g] = all[g].temper(ctx) })
	for _, f := range failed {
		if err == nil {
			err = f
		}
	}
	if err != nil {
		return fmt.Errorf("simulator: Reference: %s: %w", t.Name(), err)
	}
	if err := agree(ctx, all); err != nil {
		return fmt.Errorf("simulator: Reference: %s: %w", t.Name(), err)
	}
	for from := 0; ; {
		for i := 0; i < size*populations && from < n; i++ {
			prior.parameters(dst.RawRowView(from), all[i%populations].member(i/populations))
			from++
		}
		if from == n {
			return nil
		}
		if err := chunks(ctx, populations, 1, func(g, _ int) { all[g].forget(ctx, all[g].needed) }); err != nil {
			return fmt.Errorf("simulator: Reference: %s: %w", t.Name(), err)
		}
	}
}

// agree moves populations on until they agree: one of a mode that others hardly know may have
// forgotten where each draw was, and not how many were there.
func agree(ctx context.Context, all []*population) error {
	n := float64(all[0].size / 2)
	want := math.Sqrt((n - 1 + mostBetween) / n)
	for moved := 0; ; {
		r := rHat(all)
		if r < want {
			return nil
		}
		if moved > mostMoves {
			return fmt.Errorf("the R̂ of the populations is %.3f after %d moves, want < %.3f: %w", r, moved, want, ErrLimit)
		}
		longest := 1
		for _, p := range all {
			longest = max(longest, p.needed)
		}
		moved += longest
		if err := chunks(ctx, len(all), 1, func(g, _ int) { all[g].forget(ctx, longest) }); err != nil {
			return err
		}
	}
}

// population is a set of draws of u on its way from the prior to the posterior.
type population struct {
	seed, group   uint64
	size, dim     int
	prior         Prior     // of u
	u             []float64 // size×dim
	logL          []float64 // log p(x | θ) of the members
	logLikelihood func(u, theta []float64) float64
	beta          float64
	step          uint64 // of all steps and moves so far
	fit           student
	needed        int // moves that forget the start
	stream        stream
}

func (p *population) member(i int) []float64 { return p.u[i*p.dim : (i+1)*p.dim] }

// temper takes the population from the prior to the posterior.
func (p *population) temper(ctx context.Context) error {
	theta := make([]float64, p.dim)
	for i := range p.size {
		rng := p.stream.at(p.seed, forDraw, p.group<<32|uint64(i), 0)
		u := p.member(i)
		p.prior.Sample(u, rng)
		if p.logL[i] = p.logLikelihood(u, theta); math.IsNaN(p.logL[i]) {
			p.logL[i] = math.Inf(-1)
		}
	}
	for p.beta < 1 {
		if p.step++; p.step > mostSteps*moves {
			return fmt.Errorf("the posterior is not reached by %d steps of tempering: %w", mostSteps, ErrLimit)
		}
		if err := p.weigh(); err != nil {
			return err
		}
		if err := p.forget(ctx, moves); err != nil {
			return err
		}
	}
	return p.settle(ctx)
}

// weigh raises β as far as half of the weight allows, fits the moves and resamples.
func (p *population) weigh() error {
	top, possible := math.Inf(-1), 0
	for _, l := range p.logL {
		if !math.IsInf(l, -1) {
			possible++
		}
		top = max(top, l)
	}
	if possible <= 2*p.dim || math.IsInf(top, 1) {
		return fmt.Errorf("%d of %d draws of the prior have a likelihood, of at most %v: %w", possible, p.size, math.Exp(top), ErrRange)
	}
	w := make([]float64, p.size)
	// weights of an increase of β, and their effective number.
	weights := func(increase float64) float64 {
		var sum, sum2 float64
		for i, l := range p.logL {
			w[i] = math.Exp(increase * (l - top))
			sum += w[i]
			sum2 += w[i] * w[i]
		}
		for i := range w {
			w[i] /= sum
		}
		return sum * sum / sum2
	}
	increase := 1 - p.beta
	if half := float64(possible) / 2; weights(increase) < half {
		low, high := 0.0, increase
		for range 50 {
			increase = (low + high) / 2
			if weights(increase) < half {
				high = increase
			} else {
				low = increase
			}
		}
		increase = low
		weights(increase)
	}
	if p.beta += increase; 1-p.beta < 1e-9 {
		p.beta = 1
	}
	var ok bool
	if p.fit, ok = fitStudent(p.u, w, p.dim); !ok {
		return fmt.Errorf("the draws at β = %v lie in a subspace: %w", p.beta, ErrLimit)
	}
	p.resample(w)
	return nil
}

// resample draws members by their weights, systematically.
func (p *population) resample(w []float64) {
	offset := p.stream.at(p.seed, forResample, p.group, p.step).Float64()
	u, logL := make([]float64, len(p.u)), make([]float64, len(p.logL))
	sum, k := w[0], 0
	for i := range logL {
		for at := (float64(i) + offset) / float64(p.size); sum < at && k < p.size-1; {
			k++
			sum += w[k]
		}
		copy(u[i*p.dim:(i+1)*p.dim], p.member(k))
		logL[i] = p.logL[k]
	}
	p.u, p.logL = u, logL
}

// forget moves every member a number of times.
func (p *population) forget(ctx context.Context, times int) error {
	m := newMover(p)
	for range times {
		p.step++
		for i := range p.size {
			if err := ctx.Err(); err != nil {
				return err
			}
			m.move(i, p.stream.at(p.seed, forMove, p.group<<32|uint64(i), p.step))
		}
	}
	return nil
}

// settle moves the members until they have forgotten where they were: when the largest
// correlation with that is below four times the deviation of one of independent draws, as many
// moves again forget it.
func (p *population) settle(ctx context.Context) error {
	forgotten := 4 / math.Sqrt(float64(p.size))
	start := append([]float64(nil), p.u...)
	for range mostMoves {
		p.needed++
		if err := p.forget(ctx, 1); err != nil {
			return err
		}
		if mostCorrelated(start, p.u, p.dim) < forgotten {
			return p.forget(ctx, p.needed)
		}
	}
	return fmt.Errorf("draws still depend on their start after %d moves: %w", mostMoves, ErrLimit)
}
