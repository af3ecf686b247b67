package main

import "math"

// fit returns the coefficients, of 1, x, x², …, of the polynomial that
// interpolates f at Chebyshev points of the interval, whose error is within a
// small factor of the least.
func fit(f func(float64) float64, lo, hi float64, degree int) []float64 {
	n := degree + 1
	x, d := make([]float64, n), make([]float64, n)
	for i := range x {
		x[i] = (lo+hi)/2 - (hi-lo)/2*math.Cos(math.Pi*(2*float64(i)+1)/(2*float64(n)))
		d[i] = f(x[i])
	}
	for j := 1; j < n; j++ {
		for i := n - 1; i >= j; i-- {
			d[i] = (d[i] - d[i-1]) / (x[i] - x[i-j])
		}
	}
	// Newton's form d₀ + (x−x₀)(d₁ + (x−x₁)(…)), multiplied out.
	c := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		for j := n - 1; j >= 1; j-- {
			c[j] = c[j-1] - x[i]*c[j]
		}
		c[0] = d[i] - x[i]*c[0]
	}
	return c
}

// expRest returns (eˣ − 1 − … − xᵏ⁻¹/(k−1)!)/xᵏ for small x, from the Taylor
// series.
func expRest(x float64, k int) float64 {
	t := 1 / math.Gamma(float64(k+1))
	s := t
	for n := k + 1; n < k+25; n++ {
		t *= x / float64(n)
		s += t
	}
	return s
}
