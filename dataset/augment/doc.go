// Package augment changes rows at random while they are served to training, so that few
// rows become many: shifts, flips and crops of images and signals, noise and gain, and the
// noise within a shade that makes shades numbers.
//
// An Op is a family of maps T_a with a distribution of the parameters a, where T₀ leaves a
// row as it is (a Crop takes the middle). Of data x₀ ~ p a network that sees T_a x₀ alone
// learns the mixture ∫ p_a(x) dP(a), with p_a the distribution of T_a x₀: samples are
// shifted and noisy too, the augmentation leaks. A network that is told a as its condition
// learns every p_a, and asked for a = 0 gives
//
//	p₀ = p,
//
// having learned from all of them what they share: the augmentation of "Elucidating the
// Design Space of Diffusion-Based Generative Models" (arXiv:2206.00364, appendix F.2), after
// "Training Generative Adversarial Networks with Limited Data" (arXiv:2006.06676).
//
// Therefore Data writes the parameters into the first condition columns, before those of the rows
// themselves:
//
//	data, err := augment.New(rows, grid, augment.Shift{Most: []int{2, 2}})
//	m, err := score.New(d, &score.Config{Cond: score.Conditions{Columns: data.Parameters(), Classes: …}})
//	res, err := score.Fit(ctx, m, data, &score.Settings{Steps: 4000, Batch: 96, Scaling: score.CommonScale})
//	problem := m.Given(data.Clean(labels)).Problem()
//
// The score without conditions, that of Model.Problem, which Settings.DropCond trains beside
// the other, is that of the mixture: sampled alone it leaks.
//
// Not all ops need telling: Jitter belongs to the data, and Leaky lets an Op leak that
// samples may show, such as the Flip of images whose left and right are the same to
// anybody.
//
// # Randomness
//
// What is drawn comes from the generator of the batch, which score.Fit addresses by seed,
// step and row: a run has the same bits for any number of workers, and when it is resumed.
// Fixed addresses it by seed and row, for rows that are to stay the same.
package augment

import "errors"

// Errors returned by this package, wrapped with the place and the value.
var (
	// ErrShape reports rows that do not lie on their grid, or ops on another grid than
	// theirs.
	ErrShape = errors.New("wrong shape")
	// ErrRange reports a setting outside its domain, or a row that there is not.
	ErrRange = errors.New("out of range")
)
