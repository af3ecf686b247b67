// Package twosample measures how far apart two samples are.
//
// Both distances take rows as points, need no density, and vanish between laws
// only when the laws agree (the sliced one when all directions are used). Between
// finite samples of one law they are positive: a value is read beside that of two
// true samples of the same sizes.
//
// The energy distance (Székely & Rizzo 2013), in its squared form, is
//
//	E² = 2 E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖
//
// with independent copies X', Y'. The sliced Wasserstein distance (Rabin et al.
// 2012) is the root mean, over directions u, of the squared one-dimensional
// distances between the projections,
//
//	SW₂² = mean_u W₂²(u·X, u·Y),   W₂²(P, Q) = ∫₀¹ (P⁻¹(q) − Q⁻¹(q))² dq.
package twosample
