package twosample

import (
	"fmt"
	"math"
	"slices"
)

// KS returns the Kolmogorov–Smirnov statistic of two samples of numbers, the
// largest difference of their empirical distribution functions,
//
//	D = sup_q |F(q) − G(q)|,
//
// and the probability p of one at least as large when all orders of the pooled
// numbers are equally likely: exact while len(a)·len(b) is at most 10⁶, beyond it
// Kolmogorov's limit. With ties the true probability is at most p. KS returns NaN
// twice when a value is not finite. It panics when a sample is empty.
func KS(a, b []float64) (statistic, p float64) {
	if len(a) == 0 || len(b) == 0 {
		panic(fmt.Sprintf("twosample: KS: a has %d numbers and b has %d, want at least one", len(a), len(b)))
	}
	if !finiteValues(a) || !finiteValues(b) {
		return math.NaN(), math.NaN()
	}
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	n, m := int64(len(a)), int64(len(b))
	var i, j, most int64
	for i < n && j < m {
		q := min(a[i], b[j])
		for i < n && a[i] == q {
			i++
		}
		for j < m && b[j] == q {
			j++
		}
		gap := i*m - j*n // (F − G)·n·m
		most = max(most, gap, -gap)
	}
	statistic = float64(most) / (float64(n) * float64(m))
	if n*m <= 1e6 {
		return statistic, orders(n, m, most)
	}
	return statistic, kolmogorov(statistic * math.Sqrt(float64(n)*float64(m)/float64(n+m)))
}

// orders returns the share of the orders of n and m numbers in which |i·m − j·n|
// reaches most, where i and j count those of each kind that came first. A step
// takes the next number, each of those left being as likely.
func orders(n, m, most int64) float64 {
	if most == 0 {
		return 1
	}
	stay := make([]float64, m+1) // of the paths to (i, j) that have not reached it
	stay[0] = 1
	var reached float64
	for i := range n + 1 {
		for j := range m + 1 {
			p := stay[j]
			if p == 0 {
				continue
			}
			if gap := i*m - j*n; gap >= most || -gap >= most {
				reached += p
				stay[j] = 0
				continue
			}
			left := float64(n + m - i - j)
			if j < m {
				stay[j+1] += p * float64(m-j) / left
			}
			stay[j] = p * float64(n-i) / left
		}
	}
	return min(reached, 1)
}

// kolmogorov returns 2 Σ_k (−1)^(k−1) exp(−2k²z²), or for small z one minus its
// dual series √(2π)/z Σ_k exp(−(2k−1)²π²/8z²).
func kolmogorov(z float64) float64 {
	var sum float64
	if z < 1.18 {
		for k := 1.0; k < 6; k++ {
			u := (2*k - 1) * math.Pi / z
			sum += math.Exp(-u * u / 8)
		}
		if z == 0 {
			return 1
		}
		return 1 - math.Sqrt(2*math.Pi)/z*sum
	}
	for k := 1.0; k < 6; k++ {
		sum -= math.Cos(math.Pi*k) * math.Exp(-2*k*k*z*z)
	}
	return 2 * sum
}

// TotalVariation returns the total variation distance of two samples of labels,
//
//	TV = ½ Σ_v |p(v) − q(v)|
//
// with the shares p and q of each value. NaN is a label too, that of a missing
// cell. Samples of one distribution with k equally likely labels are about
// √(k(1/n + 1/m)/2π) apart, so that labels with few rows each differ by chance.
// TotalVariation panics when a sample is empty.
func TotalVariation(a, b []float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		panic(fmt.Sprintf("twosample: TotalVariation: a has %d labels and b has %d, want at least one", len(a), len(b)))
	}
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a) // NaN first
	slices.Sort(b)
	n, m := int64(len(a)), int64(len(b))
	var sum, i, j int64
	run := func(s []float64, at int64, v float64) int64 {
		start := at
		for at < int64(len(s)) && (s[at] == v || s[at] != s[at] && v != v) {
			at++
		}
		return at - start
	}
	for i < n || j < m {
		var v float64
		switch {
		case i == n:
			v = b[j]
		case j == m || less(a[i], b[j]):
			v = a[i]
		default:
			v = b[j]
		}
		k, l := run(a, i, v), run(b, j, v)
		gap := k*m - l*n
		sum += max(gap, -gap)
		i, j = i+k, j+l
	}
	return float64(sum) / (2 * float64(n) * float64(m))
}

// less is the order of slices.Sort, in which NaN comes first.
func less(a, b float64) bool { return a < b || a != a && b == b }
