package main

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
)

// The voice sings vowels at pitches between these, in Hz, all musical intervals alike.
const lowest, highest = 100.0, 300.0

var vowels = []string{"a", "e", "i", "o", "u"}

// formants are the frequencies in Hz at which a man's mouth resounds when it forms the
// vowels (the first three after Peterson & Barney 1952, "Control Methods Used in a Study
// of the Vowels"), and bandwidths how wide these resonances are.
var (
	formants = [][4]float64{
		{730, 1090, 2440, 3300},
		{530, 1840, 2480, 3300},
		{270, 2290, 3010, 3500},
		{570, 840, 2410, 3300},
		{300, 870, 2240, 3300},
	}
	bandwidths = [4]float64{80, 90, 150, 200}
)

// tone is a vowel at one pitch.
type tone struct {
	pitch  float64 // Hz
	vowel  int
	mouth  float64 // factor of the formants: the smaller the mouth, the higher they are
	gain   float64 // root mean square of the sound
	breath float64 // that of the white noise in it, as a part of gain
}

// newTone draws a tone: the mouth varies by ±8 %, gain and breath by ±6 dB.
func newTone(rng *rand.Rand) tone {
	vary := func(by float64) float64 { return math.Pow(by, 2*rng.Float64()-1) }
	return tone{
		pitch:  lowest * math.Pow(highest/lowest, rng.Float64()),
		vowel:  rng.IntN(len(vowels)),
		mouth:  vary(1.08),
		gain:   0.1 * vary(2),
		breath: 0.03 * vary(2),
	}
}

// sing writes the tone to dst from a phase on, in periods: noise and
//
//	Re Σ_k S(kf) Π_j H_j(kf) e^{2πik(ft + phase)},   H_j(f) = F_j²/(F_j² − f² + ifB_j),
//
// over all harmonics k below half the rate. The source S falls off by 12 dB an octave
// above the lowest pitch, of which the lips give back 6.
func (v tone) sing(dst []float64, rate int, phase float64, rng *rand.Rand) {
	var amplitudes []complex128
	power := 0.0
	for f := v.pitch; f < 0.48*float64(rate); f += v.pitch {
		cords := complex(1, f/lowest)
		a := complex(f, 0) / (cords * cords)
		for j, width := range bandwidths {
			peak := v.mouth * formants[v.vowel][j]
			a *= complex(peak*peak, 0) / complex(peak*peak-f*f, f*width)
		}
		amplitudes = append(amplitudes, a)
		power += real(a)*real(a) + imag(a)*imag(a)
	}
	scale := v.gain * math.Sqrt(2/power)
	for i := range dst {
		turn := cmplx.Rect(1, 2*math.Pi*(phase+v.pitch*float64(i)/float64(rate)))
		sum := complex(0, 0)
		for k := len(amplitudes) - 1; k >= 0; k-- {
			sum = (sum + amplitudes[k]) * turn
		}
		dst[i] = scale*real(sum) + v.gain*v.breath*rng.NormFloat64()
	}
}
