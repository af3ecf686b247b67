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
//	(x·w)_rj = Σ_i x_ri w_ij    (g·wᵀ)_ri = Σ_j g_rj w_ij    (xᵀ·g)_ij = Σ_r x_ri g_rj   (1)
//
// are the partial derivatives of one trilinear form τ(x, w, g) = Σ_rij x_ri w_ij g_rj,
// so differentiating any of them gives the other two, and the set is closed.
// Functions of one variable have one rule, slope, which both modes use: reverse
// mode multiplies it by the adjoint, forward mode by the tangent. Sums, slices,
// concatenations and spreading are linear and differentiate into each other.
// A one-hot matrix is constant. Within a sample (see below) the three products are
// again the derivatives of one form, moving numbers by a table (Gather) and adding
// them back (Scatter) are transposes of each other, and cutting a sample into other
// rows (Regroup) changes nothing. The derivatives of a Softmax and of an RMSNorm are
// symmetric matrices, so that they, too, are the same in both modes. These rules are
// the whole of the package's calculus.
//
// # Rows
//
// Samples never interact, except in sums over the rows: SumRows and MatTMul. A
// Program evaluates a batch block by block, each block on one goroutine; sums
// over rows are accumulated in a number of lanes that depends on the shapes
// only, and the lanes are added in a fixed tree. Hence the result has the same
// bits for any number of workers, and a per-row result for any other samples in
// the batch.
//
// # Samples of several rows
//
// A picture has pixels, a signal points, a sentence words. A value may have g rows
// for each sample: Regroup cuts a sample's numbers into rows, of which the columns
// are then the channels of a pixel. All operations work on r·g rows as on r, so that
// weights and biases are the same for all pixels; what has one row a sample, such as
// a time, spreads over its g rows. Rows of one sample meet in
//
//	SumGroups(x)                 y_j = Σ_i x_ij                                      (2)
//	Gather(x, t), Scatter(x, t)  y_i = x_t(i), and its transpose                     (3)
//	RowMatMul(x, w, h)           x·w of each sample, RowMatMulT and RowMatTMul likewise   (4)
//
// and samples nowhere but in sums over all rows. With a Table of windows
//
//	Affine(Gather(x, t), w, b)                                                       (5)
//
// is a convolution with any stride, padding and dilation; with other tables Gather
// enlarges pictures, cuts them into patches, moves heads into rows; and
//
//	RowMatMul(Softmax(RowMatMulT(q, k, h)), v, h)                                    (6)
//
// is attention of h heads with queries q, keys k and values v. A program's inputs have
// one row a sample, its outputs may have more.
//
// # Programs
//
// Compile identifies equal values, drops what no output needs, moves work that
// is the same for all rows out of the blocks, and fuses functions of one
// variable with the products around them. In doing so it takes 0·x to be 0,
// whatever x is, and division by a constant, or by one number for each of a sample's
// several rows, to be multiplication by the reciprocal. Of a one-hot matrix that only
// products read it keeps the labels: they gather rows of w and add up rows of g. Neither
// does it store what only products gather, nor a product that is only scattered; the
// windows of a convolution, which have most of their cells in common, are not even copied.
// Regroup is free.
// Program.String prints the result, an instruction a line.
//
// CompileOver is for sums over directions, such as exact divergences: what does
// not depend on the direction is computed once for all of them.
//
// CompileBFloat16 is for wide networks: their products take factors of half the length,
// which some processors multiply much faster.
//
// Program.Run does not allocate in the steady state and may be called
// concurrently.
//
// # References
//
//	Clevert et al. 2016      Fast and Accurate Deep Network Learning by Exponential Linear Units (ELUs), arXiv:1511.07289
//	Hendrycks & Gimpel 2016  Gaussian Error Linear Units (GELUs), arXiv:1606.08415
//	Ramachandran et al. 2017 Searching for Activation Functions, arXiv:1710.05941
//	Zhang & Sennrich 2019    Root Mean Square Layer Normalization, arXiv:1910.07467
package ad
