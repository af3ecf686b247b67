package main

import "math"

// negligible is the probability of what is dropped on the way, so that log-likelihoods are
// exact to some 1e-5.
const negligible = 1e-9

// logLikelihood returns log p(x | θ), for which the simulator is small enough: the
// probabilities of all states given the reports so far are passed on from day to day.
// Element (m, s) has that of m people who are not yet well again, of whom s are susceptible.
// It is −Inf as soon as it is known to be less than least.
func (o outbreak) logLikelihood(x, theta []float64, least float64) float64 {
	n := o.people
	pressure := o.pressure(theta)
	stays, reports := make([][]float64, n+1), make([][]float64, n+1)
	for k := range n + 1 {
		stays[k], reports[k] = binomial(k, theta[duration]/(1+theta[duration])), binomial(k, theta[reported])
	}
	now, left, report := states(n), states(n), make([]float64, n+1)
	now[n][n-o.infectious] = 1
	sum := 0.
	for _, v := range x {
		for m, row := range now {
			for s, p := range row {
				if p > negligible {
					for i, w := range stays[m-s] {
						left[s+i][s] += p * w
					}
				}
				row[s] = 0
			}
		}
		clear(report) // p(v | C)
		for c := int(v); c <= n; c++ {
			report[c] = reports[c][int(v)]
		}
		total := 0.
		for m, row := range left {
			for s, p := range row {
				if p > negligible {
					infect(now[m][:s+1], report, p, pressure*float64(m-s))
				}
				row[s] = 0
			}
			for _, p := range now[m] {
				total += p
			}
		}
		sum += math.Log(total)
		if !(sum >= least) {
			return math.Inf(-1)
		}
		for _, row := range now {
			for s := range row {
				row[s] /= total
			}
		}
	}
	return sum
}

// infect adds p Binomial(c; s, 1 − exp(−pressure)) report(c) to what is at s − c, where dst
// has the places 0 to s.
func infect(dst, report []float64, p, pressure float64) {
	s := len(dst) - 1
	w, odds := p*math.Exp(-pressure*float64(s)), math.Expm1(pressure)
	for c := range dst {
		dst[s-c] += w * report[c]
		ratio := odds * float64(s-c) / float64(c+1)
		if w *= ratio; ratio < 1 && w < negligible {
			return
		}
	}
}

// states returns a row of m + 1 zeros for every m up to n.
func states(n int) [][]float64 {
	all := make([][]float64, n+1)
	for m := range all {
		all[m] = make([]float64, m+1)
	}
	return all
}

// binomial returns the probabilities of 0 to n successes, each of probability p < 1.
func binomial(n int, p float64) []float64 {
	w := make([]float64, n+1)
	w[0] = math.Pow(1-p, float64(n))
	for k := range n {
		w[k+1] = w[k] * p / (1 - p) * float64(n-k) / float64(k+1)
	}
	return w
}
