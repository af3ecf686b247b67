// Package noise serves random numbers by address: every number is a pure
// function of a seed and of where in a run it is used, so that results do not
// depend on how a run is split into batches, chunks and workers.
//
// # Addresses
//
// A Draw names a matrix of numbers: what they are for, the step of the run,
// the slot and its part within the step, and the index in the whole run of the
// first row. The counter of Philox4x64-10 (Salmon et al. 2011)
// holds
//
//	(row, step, slot + part · 2³², purpose · 2⁵⁶ + n)
//
// for the n-th block of four 64-bit words of that row, and its key holds the
// seed and the kind of number wanted (normals, uniforms, words, paths). The
// generator is a bijection of the counter, so no two addresses share a block.
// For a path, a time takes the place of the step.
//
// # Numbers
//
// A word gives a uniform number on [0, 1) by its upper 53 bits; two give a pair
// of normals by Box and Muller's transform; as they come, they are a
// rand.Source, for generators whose consumption is not known in advance.
// Normals are White's, or Brownian's where intervals overlap; Antithetic pairs
// rows of either, and Recorded replays the normals of another program.
//
// # References
//
//	Box & Muller 1958        A Note on the Generation of Random Normal Deviates, Annals of Mathematical Statistics 29
//	Hammersley & Morton 1956 A new Monte Carlo technique: antithetic variates, Mathematical Proceedings of the Cambridge Philosophical Society 52
//	Salmon et al. 2011       Parallel Random Numbers: As Easy as 1, 2, 3, SC11
package noise
