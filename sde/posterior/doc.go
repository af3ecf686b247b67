// Package posterior makes scores of p(x_t | y) from scores of p(x_t), for observations
// y = h(x₀) + N(0, Σ) of the rows x₀ that a model without conditions knows.
package posterior
