package main

import "math"

// pitch estimates the frequency in Hz, from lowPitch to highPitch, of a sound that
// repeats itself, and how far it is from it: 0 for a tone, about 1 for noise.
//
// The period is at first the lag of the first deep minimum of the normalised difference
// function of YIN (de Cheveigné & Kawahara 2002),
//
//	d(τ) = mean_i (x_i − x_{i+τ})²,   d'(τ) = τ d(τ)/Σ_{s≤τ} d(s).
//
// A parabola through the minimum of d finds it between two points, to some hundredths of
// a point. An error in k periods is one k-th of it in one, so that the estimate goes on
// to the minimum next to two periods, three, as far as three quarters of the window.
func pitch(x []float64, rate int) (hz, aperiodicity float64) {
	d := differences(x, len(x)*3/4)
	first, last := max(int(float64(rate)/highPitch), 2), min(int(float64(rate)/lowPitch)+1, len(d)-2)
	sum, best := 0.0, 0
	aperiodicity = math.Inf(1)
	for lag := 1; lag <= last; lag++ {
		sum += d[lag]
		if lag < first || sum == 0 {
			continue
		}
		if v := float64(lag) * d[lag] / sum; v < aperiodicity {
			best, aperiodicity = lag, v
		} else if aperiodicity < deep {
			break
		}
	}
	if best == 0 {
		return math.NaN(), 1 // silence
	}
	period := vertex(d, best)
	for k := 2.0; k*period < float64(len(d)-reach-2); k++ {
		period = vertex(d, int(math.Round(k*period))) / k
	}
	return float64(rate) / period, aperiodicity
}

// deep is what d' has to fall below for the first minimum to be taken; else it is the
// lowest.
const deep = 0.1

// differences returns d(0), …, d(n−1).
func differences(x []float64, n int) []float64 {
	d := make([]float64, n)
	for lag := range d {
		for i, v := range x[lag:] {
			d[lag] += (v - x[i]) * (v - x[i])
		}
		d[lag] /= float64(len(x) - lag)
	}
	return d
}

// reach is how far from where it should be a minimum is looked for.
const reach = 2

// vertex returns where d has its minimum near a lag, by the parabola through the least
// value and its neighbours.
func vertex(d []float64, lag int) float64 {
	low := lag
	for i := max(lag-reach, 1); i <= min(lag+reach, len(d)-2); i++ {
		if d[i] < d[low] {
			low = i
		}
	}
	a, b, c := d[low-1], d[low], d[low+1]
	if curvature := a - 2*b + c; curvature > 0 {
		return float64(low) + min(max((a-c)/(2*curvature), -1), 1)
	}
	return float64(low)
}

// cents returns the interval from b up to a, of which an octave has 1200 and a
// semitone 100.
func cents(a, b float64) float64 { return 1200 * math.Log2(a/b) }
