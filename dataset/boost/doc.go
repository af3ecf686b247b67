// Package boost fits gradient-boosted decision trees to rows of numbers, for
// regression and classification. Nothing in it is random, and the bits of a fit do
// not depend on the number of workers.
//
// A model is a sum of trees, F(x) = F₀ + η Σ_m T_m(x) with the rate η ("Greedy
// Function Approximation: A Gradient Boosting Machine", Friedman 2001). F₀ is the
// best constant. Each tree is fitted to the first two derivatives of the loss by F
// at every row ("XGBoost: A Scalable Tree Boosting System", arXiv:1603.02754),
//
//	g_i = ∂L(y_i, F(x_i))/∂F,   h_i = ∂²L(y_i, F(x_i))/∂F².
//
// With the sums G = Σg_i and H = Σh_i over the rows of a leaf and the penalty λ,
// the value of the leaf is the Newton step, and the gain of a split into two is what
// it takes from twice the second-order loss:
//
//	value = −G/(H + λ),   gain = G_L²/(H_L + λ) + G_R²/(H_R + λ) − G²/(H + λ).
//
// The losses are half the square, with g = F − y and h = 1; for two classes the
// logistic loss, with p = 1/(1 + e^(−F)), g = p − y and h = p(1 − p); for more
// classes the cross-entropy of the softmax, a tree a class and step, with
// g_k = p_k − 1{y = k} and h_k = p_k(1 − p_k).
//
// Columns are cut into at most 255 bins of about equally many rows, and splits lie
// between bins, so that sums of g and h over the bins are all a node needs. A tree
// grows at the leaf of the largest gain, and of two siblings only the smaller one
// is summed, the other is the difference to their parent ("LightGBM: A Highly
// Efficient Gradient Boosting Decision Tree", Ke et al. 2017).
//
// NaN is a missing value. At every split the missing ones go to the side of the
// larger gain; where none was missing in training, to the side of more rows. A
// split may also part the missing values from all others. Infinities are ordered
// like other values. Of splits that gain the same up to rounding, the one of the
// first column counts, and in a column the lowest.
//
// Only the order of a column's values matters, not their unit. Columns of categories
// are taken as their numbers, in order.
//
// A fit keeps a byte a cell, some ten numbers a row (two more for each class when
// there are more than two) and, for each leaf of a growing tree, three numbers a bin.
package boost
