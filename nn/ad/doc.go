// Package ad differentiates and compiles expressions over batches of rows.
//
// A network, its loss and every derivative of them are one kind of thing: an
// expression (Expr) of a batch of r rows and of parameters that all rows share.
// Grad and JVP take expressions to expressions, so that they nest to any order:
// the score of an energy network is a Grad, training it is the Grad of a loss
// of that Grad, implicit score matching is the Grad of a loss with a JVP, and
// an exact divergence is a sum of JVPs.
//
// # The rules of differentiation
//
// The three matrix products
//
//	(x·w)_rj = Σ_i x_ri w_ij    (g·wᵀ)_ri = Σ_j g_rj w_ij    (xᵀ·g)_ij = Σ_r x_ri g_rj
//
// are the partial derivatives of one trilinear form τ(x, w, g) = Σ_rij x_ri w_ij g_rj,
// so differentiating any of them gives the other two, and the set is closed.
// Functions of one variable have one rule, slope, which both modes use: reverse
// mode multiplies it by the adjoint, forward mode by the tangent. Sums, slices,
// concatenations and spreading are linear and differentiate into each other.
// A one-hot matrix is constant. These rules are the whole of the package's calculus.
//
// # Rows
//
// Rows never interact, except in sums over the rows: SumRows and MatTMul. A
// Program evaluates a batch block by block, each block on one goroutine; sums
// over rows are accumulated in a number of lanes that depends on the shapes
// only, and the lanes are added in a fixed tree. Hence the result has the same
// bits for any number of workers, and a per-row result for any other rows in
// the batch.
//
// # Programs
//
// Compile identifies equal values, drops what no output needs, moves work that
// is the same for all rows out of the blocks, and fuses functions of one
// variable with the products around them. In doing so it takes 0·x to be 0,
// whatever x is, and division by a constant to be multiplication by its
// reciprocal. Of a one-hot matrix that only products read it keeps the labels: they
// gather rows of w and add up rows of g. Program.String prints the result, an instruction a line.
//
// CompileOver is for sums over directions, such as exact divergences: what does
// not depend on the direction is computed once for all of them.
//
// Program.Run does not allocate in the steady state and may be called
// concurrently.
//
// # References
//
//	Clevert et al. 2016      Fast and Accurate Deep Network Learning by Exponential Linear Units (ELUs), arXiv:1511.07289
//	Hendrycks & Gimpel 2016  Gaussian Error Linear Units (GELUs), arXiv:1606.08415
//	Ramachandran et al. 2017 Searching for Activation Functions, arXiv:1710.05941
package ad
