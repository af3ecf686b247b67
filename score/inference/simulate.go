package inference

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"

	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/nn/pool"
	"github.com/gradlogp/gradlogp/sde/noise"
)

// Simulator draws an observation x from p(x | θ).
type Simulator interface {
	// Simulate draws into x, with the numbers of rng only. Every number of x has to be
	// assigned: it arrives as NaN, so that x[i] += … leaves one. It is called from several
	// goroutines at once, with slices and a generator of their own. An error, or a
	// number that is not finite, says that there is no x for this θ.
	Simulate(x, theta []float64, rng *rand.Rand) error
}

// SimulateSettings are the choices of Simulate. The zero value, or a nil pointer, is ready
// to use.
type SimulateSettings struct {
	// Seed chooses parameters and noise: simulation i depends on it and on i only.
	Seed uint64
	// First is the number of the first simulation, by which one run is split over
	// calls.
	First int
	// Workers is the number of goroutines, 0 for one a processor. The result has the
	// same bits for any.
	Workers int
	// Progress is told how many of n simulations are done, at most once in a hundred,
	// one call after the other; nil is none.
	Progress func(done, n int)
}

// Pairs are simulated parameters and observations, a pair a row.
type Pairs struct {
	Theta, X *mat.Dense
	// Done is the number of simulations that were run, those that failed included.
	Done int
	// Failed is the number of those that failed and were left out.
	Failed int
	// Warnings say what failed and where.
	Warnings []string
}

// Simulate draws n parameters from the prior and lets the simulator draw an observation of
// so many columns for each.
//
// A simulation that returns an error or a number that is not finite is left out, and
// Warnings tell of the first θ for which that happened and how many there were: the pairs
// then have the prior given that the simulator works, and posteriors of observations that
// it can make are the same. When none works, the error wraps ErrSimulator and the
// simulator's own. A parameter that is not finite or lies outside the prior's Bounds is an
// error wrapping ErrNonFinite or ErrRange, and so is a LogProb that is NaN; the pairs before it
// are returned with it. A simulator that
// panics makes Simulate panic with the same value: it is a fault of the program, and not a
// failure for some θ.
//
// When the context ends, the pairs of the simulations before the first that was not run
// are returned with its error; with First = Done the next call goes on from there.
func Simulate(ctx context.Context, p Prior, s Simulator, columns, n int, settings *SimulateSettings) (*Pairs, error) {
	var c SimulateSettings
	if settings != nil {
		c = *settings
	}
	low, high, err := checkSimulate(ctx, p, s, columns, n, &c)
	if err != nil {
		return nil, fmt.Errorf("inference: Simulate: %w", err)
	}
	d := p.Dim()
	all := &simulations{
		prior: p, simulator: s, settings: c, low: low, high: high,
		theta: mat.NewDense(n, d, nil), x: mat.NewDense(n, columns, nil), failures: make([]error, n), run: make([]bool, n),
	}
	all.each(ctx)
	pairs, err := all.pairs()
	if err == nil && pairs.Done < n {
		err = context.Cause(ctx)
	}
	if err != nil {
		err = fmt.Errorf("inference: Simulate: %w", err)
	}
	return pairs, err
}

func checkSimulate(ctx context.Context, p Prior, s Simulator, columns, n int, c *SimulateSettings) (low, high []float64, err error) {
	const most = 1 << 28 // numbers of a matrix
	switch {
	case ctx == nil:
		return nil, nil, fmt.Errorf("ctx: is nil, want a context: %w", ErrRange)
	case p == nil:
		return nil, nil, fmt.Errorf("prior: is nil, want one to draw parameters from: %w", ErrRange)
	case s == nil:
		return nil, nil, fmt.Errorf("simulator: is nil, want one: %w", ErrRange)
	}
	if err := validate(p); err != nil {
		return nil, nil, err
	}
	switch {
	case p.Dim() < 1:
		return nil, nil, fmt.Errorf("prior: has %d parameters, want at least 1: %w", p.Dim(), ErrRange)
	case columns < 1:
		return nil, nil, fmt.Errorf("columns: is %d, want at least 1: %w", columns, ErrRange)
	case n < 1 || n > most/max(columns, p.Dim()):
		return nil, nil, fmt.Errorf("n: is %d, want from 1 to %d for so many columns: %w", n, most/max(columns, p.Dim()), ErrRange)
	case c.First < 0 || c.First > math.MaxInt-n:
		return nil, nil, fmt.Errorf("SimulateSettings.First: is %d, want from 0 to %d, so that every simulation has a number: %w", c.First, math.MaxInt-n, ErrRange)
	case c.Workers < 0 || c.Workers > pool.MostWorkers:
		return nil, nil, fmt.Errorf("SimulateSettings.Workers: is %d, want from 0 to %d: %w", c.Workers, pool.MostWorkers, ErrRange)
	}
	return boundsOf(p, p.Dim())
}

// simulations are those of one call.
type simulations struct {
	prior     Prior
	simulator Simulator
	settings  SimulateSettings
	low, high []float64
	theta, x  *mat.Dense
	failures  []error
	run       []bool
}

// each runs all simulations, until the context ends.
func (s *simulations) each(ctx context.Context) {
	n := len(s.run)
	crew := pool.New(s.settings.Workers)
	var done atomic.Int64
	tell := make(chan struct{}, 1) // held by who tells
	told := 0
	crew.Each(n, func(_, i int) {
		if ctx.Err() != nil {
			return
		}
		rng := noise.Rand(s.settings.Seed, noise.Draw{Purpose: noise.Data, Row: s.settings.First + i, Step: simulationStep})
		s.failures[i] = s.one(i, rng)
		s.run[i] = true
		done.Add(1)
		if s.settings.Progress == nil {
			return
		}
		select {
		case tell <- struct{}{}:
			if k := int(done.Load()); k > told && (k == n || k-told >= (n+99)/100) {
				s.settings.Progress(k, n)
				told = k
			}
			<-tell
		default:
		}
	})
	if s.settings.Progress != nil && int(done.Load()) != told {
		s.settings.Progress(int(done.Load()), n)
	}
}

// simulationStep is the step of the addresses of simulations, which training has not.
const simulationStep = -16

// outside says that it was the prior that failed, which no other row can mend.
type outside struct{ error }

func (o outside) Unwrap() error { return o.error }

// one runs simulation i.
func (s *simulations) one(i int, rng *rand.Rand) error {
	theta, x := s.theta.RawRowView(i), s.x.RawRowView(i)
	s.prior.Sample(theta, rng)
	if err := checkDraw(s.prior, s.low, s.high, theta); err != nil {
		return outside{err}
	}
	given := append([]float64(nil), theta...)
	for j := range x {
		x[j] = math.NaN() // what the simulator leaves out cannot pass for data
	}
	if err := s.simulator.Simulate(x, given, rng); err != nil {
		return err
	}
	for j, v := range x {
		if !finite(v) {
			if math.IsNaN(v) {
				return fmt.Errorf("column %d of x is NaN, as it is before it is assigned: %w", j, ErrNonFinite)
			}
			return fmt.Errorf("column %d of x is %v: %w", j, v, ErrNonFinite)
		}
	}
	return nil
}

// pairs returns those before the first that was not run, without those that failed.
func (s *simulations) pairs() (*Pairs, error) {
	p := &Pairs{Done: len(s.run)}
	for i, run := range s.run {
		if !run {
			p.Done = i
			break
		}
	}
	var fault error // of the prior
	first, good := -1, 0
	for i, err := range s.failures[:p.Done] {
		if prior, is := err.(outside); is {
			fault, p.Done = prior.error, i
			break
		}
		if err == nil {
			copy(s.theta.RawRowView(good), s.theta.RawRowView(i))
			copy(s.x.RawRowView(good), s.x.RawRowView(i))
			good++
			continue
		}
		if p.Failed++; first < 0 {
			first = i
			p.Warnings = []string{fmt.Sprintf("simulation %d, theta %v: %v", s.settings.First+i, s.theta.RawRowView(i), err)}
		}
	}
	switch {
	case good == 0 && fault != nil:
		return nil, fault
	case p.Done > 0 && good == 0:
		return nil, fmt.Errorf("all of %d simulations failed, the first with theta %v: %w", p.Done, s.theta.RawRowView(first), also{s.failures[first], ErrSimulator})
	case p.Failed > 0:
		p.Warnings[0] = fmt.Sprintf("%d of %d simulations (%.2g %%) failed and are left out, the first: %s", p.Failed, p.Done, 100*float64(p.Failed)/float64(p.Done), p.Warnings[0])
	}
	if good > 0 {
		p.Theta = s.theta.Slice(0, good, 0, s.theta.RawMatrix().Cols).(*mat.Dense)
		p.X = s.x.Slice(0, good, 0, s.x.RawMatrix().Cols).(*mat.Dense)
	}
	return p, fault
}

// also is an error that is one of this package, too.
type also struct {
	error
	kind error
}

func (e also) Unwrap() []error { return []error{e.error, e.kind} }
