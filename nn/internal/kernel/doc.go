// Package kernel holds the numeric kernels that network programs are made of,
// in portable Go and, for amd64 and arm64, in assembly. Matrices are dense, row-major and
// without gaps; a slice must be at least as long as its shape says. A call
// works on one block of rows, on one goroutine, and allocates nothing.
//
// # Order
//
// Every sum has one accumulator, which starts from the value given (or zero)
// and takes its terms in increasing order of the index summed over. A product
// is accumulated as
//
//	float64: s ← fma(x, y, s), rounded once
//	float32: s ← round(round(xy) + s)
//
// so that the bits are the same on every architecture, and those of a row do
// not depend on the rows around it nor on how a product is cut into tiles. A
// term with a zero factor counts, so that infinities and NaNs come through.
// SumSquares, Softmax, SoftmaxSlope, InverseRMS, NormSlope, GaussianSums and the
// products of rounded factors alone have several accumulators, as they say.
//
// # Assembly
//
// Products of matrices and what works element by element are in assembly on
//
//	amd64 with AVX-512 F, VL, DQ and BW, and BMI2   vectors of 512 bits
//	amd64 with AVX2 and FMA                         vectors of 256 bits
//	arm64, all processors                           vectors of 128 bits (NEON)
//
// and in Go on others, and where the build tag purego is set. The assembly keeps the
// order of the sums but fuses every step, in float32 too: s ← fma(x, y, s). All of it
// has the same bits, except those that tell one NaN from another. In float64 they are
// those of the portable path; in float32 they lie within 4·10⁻⁷ √k |x||w| of it. The
// optimiser, sums, arithmetic and GaussianSums have the bits of the portable path in
// both types. The program that writes the assembly is in the folder gen; go generate
// runs it.
//
// # Rounded factors
//
// MatMulHalf and MatTMulHalfRows round their factors to bfloat16, and sum in one of two
// orders, with subnormal numbers taken as zeros: as the tiles of AMX-BF16 do, in blocks of 32
// terms, of which those with even and with odd numbers are added up apart, or as the vectors
// of AVX512-BF16 do, pair by pair. By these instructions, by fused multiply-adds of AVX-512
// and in Go an order has the same bits on every architecture. The tiles are asked for, of
// Linux, when the first of these products is computed.
//
// # Functions
//
// The elementary functions are computed in float64 without package math, whose
// bits depend on the processor, and rounded to the element type. In float32
// they are correctly rounded in all but rare cases near a tie. In float64 exp,
// log, sin and cos are within 1 unit in the last place, sigmoid, softplus, erf
// and expm1 within 2, tanh and the activations within 4 or so of their largest
// term; the tanh form of GELU, whose argument v of the logistic function is
// rounded, within about 4+4|v|.
//
// Assembly for float32 works in float32, except for softplus, erf, SiLU″, GELU
// and its kin, which it computes in float64. It is within 2 units in the last
// place, SiLU′ within 2.2, counted near a zero of a derivative as if the value
// were ¼.
//
// NaN gives NaN in all but the step functions, infinities give the limits.
//
// # References
//
//	Hastings 1955               Approximations for Digital Computers, Princeton University Press
//	Kingma & Ba 2015            Adam: A Method for Stochastic Optimization, arXiv:1412.6980
//	Loshchilov & Hutter 2019    Decoupled Weight Decay Regularization, arXiv:1711.05101
//	Payne & Hanek 1983          Radian Reduction for Trigonometric Functions, ACM SIGNUM Newsletter 18
//	Shepherd & Laframboise 1981 Chebyshev Approximation of (1 + 2x) exp(x²) erfc x in 0 ≤ x < ∞, Mathematics of Computation 36
package kernel
