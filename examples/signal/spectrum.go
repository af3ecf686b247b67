package main

import (
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// bins is the number of frequencies of a spectrum, from 0 to half the rate.
const bins = window/2 + 1

// spectra returns the power of each row at these frequencies in decibels, through a Hann
// window: 0 for a sine of amplitude 1, and not less than −100.
func spectra(x *mat.Dense) *mat.Dense {
	n := x.RawMatrix().Rows
	dst, fft := mat.NewDense(n, bins, nil), fourier.NewFFT(window)
	row, c := make([]float64, window), make([]complex128, bins)
	for i := range n {
		for j, v := range x.RawRowView(i) {
			row[j] = v * (1 - math.Cos(2*math.Pi*float64(j)/window)) / (window / 2)
		}
		for k, z := range fft.Coefficients(c, row) {
			dst.Set(i, k, 10*math.Log10(real(z)*real(z)+imag(z)*imag(z)+1e-10))
		}
	}
	return dst
}

// meanOf returns the mean of the spectra of a vowel, NaN when there are none.
func meanOf(spectra *mat.Dense, s set, vowel int) []float64 {
	mean, n := make([]float64, bins), 0.0
	for i := range s.len() {
		if s.vowel(i) == vowel {
			n++
			floats.Add(mean, spectra.RawRowView(i))
		}
	}
	for k := range mean {
		mean[k] /= n
	}
	return mean
}

// distance returns the log-spectral distance, the root mean square difference in decibels.
func distance(a, b []float64) float64 { return floats.Distance(a, b, 2) / math.Sqrt(float64(len(a))) }
