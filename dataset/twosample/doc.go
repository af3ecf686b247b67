// Package twosample measures how far apart two samples are.
//
// The measures take rows as points and need no density. Between finite samples of
// one distribution most of them are positive: a value is read beside its error, its
// null distribution (Test), or that of two true samples of the same sizes.
//
// # Columns and pairs
//
// KS is the largest difference of two distribution functions, TotalVariation half
// the sum of the differences of the shares of labels. PairErrors compares the joint
// distributions of two columns, numbers or labels, and Associations tells how much
// one column of a sample says of another. They see nothing beyond pairs: columns
// drawn independently have perfect columns.
//
// # Distances
//
// The energy distance ("Energy statistics: A class of statistics based on
// distances", Székely and Rizzo 2013), in its squared form, is
//
//	E² = 2 E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖
//
// with independent copies X', Y'. With a positive definite kernel k in place of
// −‖·‖ it is the squared maximum mean discrepancy ("A Kernel Two-Sample Test",
// Gretton et al. 2012),
//
//	MMD² = E k(X, X') + E k(Y, Y') − 2 E k(X, Y).
//
// The Wasserstein distance W2 is the root of the least mean squared length of the
// moves that turn one sample into the other. Between two normal distributions it
// has a closed form, GaussianW2Squared; of the means and covariances of samples that
// is the squared Fréchet distance ("GANs Trained by a Two Time-Scale Update Rule
// Converge to a Local Nash Equilibrium", arXiv:1706.08500). The sliced one
// ("Wasserstein Barycenter and Its Application to Texture Mixing", Rabin et al. 2012)
// is the root mean, over directions u, of the squared one-dimensional distances
// between the projections,
//
//	SW₂² = mean_u W₂²(u·X, u·Y),   W₂²(P, Q) = ∫₀¹ (P⁻¹(q) − Q⁻¹(q))² dq.
//
// The energy distance has a sliced form too, since a norm is a mean of |u·v|: of
// the one-dimensional ones, 2∫(F − G)² dq with the distribution functions F and G
// (Cramér's distance). Its work does not grow with the number of pairs.
//
// These distances vanish between distributions only when they agree, but for the
// Fréchet distance, and the sliced ones when all directions are used.
//
// # Neighbours
//
// PRDC tells two faults apart, rows that are not plausible and data that are not
// reached: precision and recall ("Improved Precision and Recall Metric for Assessing
// Generative Models", arXiv:1904.06991), density and coverage ("Reliable Fidelity
// and Diversity Metrics for Generative Models", arXiv:2002.09797). ModeCoverage
// counts rows near the classes or clusters of the data. Membership attacks the rows
// that a model was trained on, since fidelity alone is best served by copies.
//
// # Classifiers
//
// The classifier two-sample test, C2ST ("Revisiting Classifier Two-Sample Tests",
// arXiv:1610.06545), asks how often a classifier tells which sample a row is from
// that it has not seen: half of the time when the distributions agree. For equal
// shares of both samples the best accuracy is ½ + ½ TV with their total variation
// distance, so that every classifier gives a lower bound of it. C2ST asks boosted
// trees, which see columns of any unit and kind; C2STNeighbours the nearest
// neighbours of a row.
//
// # What is not finite
//
// Every measure of samples with a NaN or an infinity is NaN, so that what cannot
// be compared never passes for equal; values whose squares overflow make the
// distances +Inf or NaN. The measures of tables, TotalVariation, PairErrors,
// Associations and C2ST, take NaN for a missing cell, which is a value like another.
// Ties and equal rows are data like others. Results have the same bits for any
// number of processors.
package twosample
