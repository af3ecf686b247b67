package sde

import "gonum.org/v1/gonum/mat"

// FlowMap is a Scorer that knows where the probability flow leads, without following it:
// a model for few steps. It is found by As.
type FlowMap interface {
	Scorer
	// Map writes into dst where the flow takes the rows of x from the times t to the
	// earlier times r, in the coordinates of the process. t and r hold one common time or
	// one a row each; r may be any time from 0 up to t, also below the span. dst may not
	// overlap x. Map panics when the shapes do not match.
	Map(dst, x *mat.Dense, t, r []float64)
}
