// Package smooth averages rows by their distance from a point: kernel smoothing with
// Gaussian weights (Nadaraya 1964, Watson 1964).
//
// The mean of rows r_j at a point y is
//
//	m(y) = Σ_j w_j r_j / Σ_j w_j,   w_j = exp(−½ Σ_k (y_k − r_jk)²/σ_k²).
//
// Of many rows only those near y matter. Rows lie in a grid of cells over two of their
// columns, those of the greatest deviation, about two rows a cell; over one when there is
// only one. A mean takes the set S of the rows in the cells that meet the box
//
//	B(y) = {r : |y_k − r_k| ≤ 4.5σ_k in these columns},
//
// and, as rows are taken sixteen at a time, some others. The rest are left out. Where σ is
// large, all rows take part.
//
// # What leaving out rows does to a posterior mean
//
// Let x be one of the rows, which any of them is as likely to be, and y = x + noise. Given
// the rows and y, x is row j with a probability that is proportional to w_j. It still is
// when x is known to be in B, which depends on y only. So the mean over B of what takes
// m(y) where x is in B, and x itself where it is not, is that of x:
//
//	E[m_B(y) | y, x ∈ B] = E[x | y, x ∈ B].
//
// Mean reports whether its row is in S, and takes all of S: that adds rows outside B,
// whose weights together are, on average, no more than the probability of noise beyond
// 4.5σ, 7e-6 a column. This times the distance of such rows, some 5σ, is all by which
// the mean can be off.
//
// # Numbers
//
// Rows and weights are float32, sums of sixteen rows side by side too. A weight is off by
// a part of about 2⁻²³ |y_k|/σ_k · |y_k − r_k|/σ_k: Mean is refused where |y_k|/σ_k exceeds
// 2¹⁵, which depends on y only. Weights below e⁻⁴⁴ are 0. The same rows give the same
// bits on every processor.
//
// # References
//
//	Nadaraya 1964  On Estimating Regression, Theory of Probability and its Applications 9
//	Watson 1964    Smooth Regression Analysis, Sankhyā A 26
package smooth
