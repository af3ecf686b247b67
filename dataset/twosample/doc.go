// Package twosample measures how far apart two samples are.
//
// The measures take rows as points and need no density. The distances vanish
// between distributions only when they agree (the sliced one when all directions
// are used). Between finite samples of one distribution they are positive: a
// value is read beside that of two true samples of the same sizes.
//
// The energy distance ("Energy statistics: A class of statistics based on
// distances", Székely and Rizzo 2013), in its squared form, is
//
//	E² = 2 E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖
//
// with independent copies X', Y'. The sliced Wasserstein distance ("Wasserstein
// Barycenter and Its Application to Texture Mixing", Rabin et al. 2012) is the
// root mean, over directions u, of the squared one-dimensional distances between
// the projections,
//
//	SW₂² = mean_u W₂²(u·X, u·Y),   W₂²(P, Q) = ∫₀¹ (P⁻¹(q) − Q⁻¹(q))² dq.
//
// The energy distance has a sliced form too, since a norm is a mean of |u·v|: of
// the one-dimensional ones, 2∫(F − G)² dq with the distribution functions F and G
// (Cramér's distance). Its work does not grow with the number of pairs.
//
// The classifier two-sample test, C2ST ("Revisiting Classifier Two-Sample Tests",
// arXiv:1610.06545), asks how often the nearest neighbours of a row tell which
// sample it is from: half of the time when the distributions agree.
//
// Every measure of samples with a NaN or an infinity is NaN, so that what cannot
// be compared never passes for equal; values whose squares overflow make the
// distances +Inf or NaN. Ties and equal rows are data like others.
package twosample
