// Package grid makes the times at which a sampler stops: decreasing, from much
// noise to little.
//
// Those of UniformTime, UniformLogSNR and Quadratic lie between two times of the
// caller. Those of Karras, Exponential, Polyexponential and Default are given as
// noise-to-signal ratios ς = σ/α, in which they are the same for every process.
// FromSigmas and Sigmas go from such ratios to times and back.
//
// The constructors do not judge their arguments: the verbs of package sampler
// check the grid they are given.
package grid
