package simulator

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Prior is a distribution of parameters. It is safe for concurrent use.
type Prior interface {
	// Dim returns the number of parameters.
	Dim() int
	// Sample draws the parameters θ. It panics when theta has another length than Dim.
	Sample(theta []float64, rng *rand.Rand)
	// LogProb returns log p(θ), −Inf outside of the support and NaN when a parameter is
	// NaN. It panics when theta has another length than Dim.
	LogProb(theta []float64) float64
	// Bounds returns the ends of the support of each parameter, ±Inf where it has none.
	// The slices are the caller's.
	Bounds() (low, high []float64)
}

// Task is a problem of inference: find θ from x. Its methods are safe for concurrent
// use and panic when a slice or a matrix has the wrong length or number of columns.
type Task interface {
	// Name returns the task's name in the benchmark, such as "two_moons".
	Name() string
	// Prior returns the distribution of the parameters.
	Prior() Prior
	// Dim returns the number of data, the length of x.
	Dim() int
	// Simulate draws x from p(x | θ). It returns an error wrapping ErrNonFinite or
	// ErrRange when there is no such distribution for θ, and ErrLimit when it cannot be
	// computed; x then is unspecified.
	Simulate(x, theta []float64, rng *rand.Rand) error
	// LogLikelihood returns log p(x | θ), or, where the task says so, only up to a term
	// without θ. It is −Inf where Simulate fails or never gives x.
	LogLikelihood(x, theta []float64) float64
	// Reference fills the rows of dst with draws from p(θ | x). It returns an error
	// wrapping ErrNonFinite or ErrRange when x cannot be an observation of the task,
	// ErrLimit when draws of the posterior were not reached, and the context's.
	Reference(ctx context.Context, dst *mat.Dense, x []float64, seed uint64) error
}

// Tasks returns all tasks, in the order of the paper.
func Tasks() []Task {
	return []Task{
		GaussianLinear{}, GaussianLinearUniform{}, SLCP{}, NewSLCPDistractors(),
		NewBernoulliGLM(), NewRawBernoulliGLM(), GaussianMixture{}, TwoMoons{}, SIR{}, LotkaVolterra{},
	}
}

// Observe draws parameters θ* from the prior of a task and data from p(x | θ*): the
// observation of this seed, independent of what Pairs makes from the same seed. Errors are
// those of Simulate.
func Observe(task Task, seed uint64) (theta, x []float64, err error) {
	theta, x = make([]float64, task.Prior().Dim()), make([]float64, task.Dim())
	rng := new(stream).at(seed, forObservation, 0, 0)
	task.Prior().Sample(theta, rng)
	if err := task.Simulate(x, theta, rng); err != nil {
		return nil, nil, fmt.Errorf("simulator: Observe: seed %d: %w", seed, err)
	}
	return theta, x, nil
}

// Pairs fills the rows of theta with parameters from the prior of a task, and those of x
// with data from p(x | θ). Row i depends on seed and first + i only, so that a table can be
// made in parts and has the same bits for any number of processors.
//
// When the simulator fails for some rows, those rows of x are NaN, all others are made,
// and the error tells how many failed and wraps that of the first. The error of a
// cancelled context leaves both matrices unspecified. Pairs panics when the matrices
// do not have the task's numbers of columns or differ in their numbers of rows, when ctx is
// nil, and, with the same value, when the task does.
func Pairs(ctx context.Context, theta, x *mat.Dense, task Task, seed, first uint64) error {
	n, d := theta.Dims()
	if r, c := x.Dims(); r != n || d != task.Prior().Dim() || c != task.Dim() {
		panic(fmt.Sprintf("simulator: Pairs: theta is %d×%d and x %d×%d, want %d and %d columns and as many rows",
			n, d, r, c, task.Prior().Dim(), task.Dim()))
	}
	failed := make([]error, n)
	err := chunks(ctx, n, rowsPerChunk, func(from, to int) {
		var s stream
		for i := from; i < to; i++ {
			rng := s.at(seed, forPairs, first+uint64(i), 0)
			task.Prior().Sample(theta.RawRowView(i), rng)
			if failed[i] = task.Simulate(x.RawRowView(i), theta.RawRowView(i), rng); failed[i] != nil {
				fill(x.RawRowView(i), math.NaN())
			}
		}
	})
	if err != nil {
		return fmt.Errorf("simulator: Pairs: %w", err)
	}
	at, count := 0, 0
	for i := n - 1; i >= 0; i-- {
		if failed[i] != nil {
			at = i
			count++
		}
	}
	if count > 0 {
		return fmt.Errorf("simulator: Pairs: %d of %d rows: the first, row %d: %w", count, n, at, failed[at])
	}
	return nil
}

// A purpose keeps sources of one seed apart.
type purpose uint64

const (
	forPairs purpose = iota
	forObservation
	forDraw
	forResample
	forMove
	forSign
	forTrial
)

// stream is a source that is set to an address.
type stream struct {
	source *rand.ChaCha8
	rng    *rand.Rand
}

// at returns the generator of an address, until the next call.
func (s *stream) at(seed uint64, p purpose, row, step uint64) *rand.Rand {
	var key [32]byte
	for i, word := range [4]uint64{seed, uint64(p), row, step} {
		binary.LittleEndian.PutUint64(key[8*i:], word)
	}
	if s.source == nil {
		s.source = rand.NewChaCha8(key)
		s.rng = rand.New(s.source)
	} else {
		s.source.Seed(key)
	}
	return s.rng
}

func fill(x []float64, v float64) {
	for i := range x {
		x[i] = v
	}
}
