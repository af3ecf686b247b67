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
//
// # References
//
//	Karras et al. 2022      Elucidating the Design Space of Diffusion-Based Generative Models, arXiv:2206.00364
//	Song, Meng & Ermon 2021 Denoising Diffusion Implicit Models, arXiv:2010.02502
package grid
