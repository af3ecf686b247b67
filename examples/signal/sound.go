package main

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/signal"
)

// The pitches that are looked for in a recording, a fifth beyond those of the voice.
const lowPitch, highPitch = lowest / 1.5, highest * 1.5

// hop is the distance of the windows of a file whose pitch is estimated.
const hop = 64

// read returns the recording in a WAV file, of all channels together, at a rate of
// 8 to 16 kHz: of a higher one the means of two, three, … points. Windows are where the
// sound is no softer than a tenth of the whole and repeats itself, and have the
// pitch that is estimated there.
func read(name string) (*recording, error) {
	s, err := signal.ReadFile(name)
	if err != nil {
		return nil, err
	}
	if s.Rate < rate {
		return nil, fmt.Errorf("%s: %d points a second, want at least %d", name, s.Rate, rate)
	}
	together := s.Rate / rate
	r := &recording{make([]float64, s.Len()/together), s.Rate / together, []string{"all"}, nil}
	for i := range r.wave {
		part := s.X.Slice(i*together, (i+1)*together, 0, s.Channels())
		r.wave[i] = mat.Sum(part) / float64(together*s.Channels())
	}
	loud := rms(r.wave)
	for from := 0; from+hop+window <= len(r.wave); from += hop {
		x := r.wave[from+hop/2 : from+hop/2+window]
		if rms(x) < loud/10 {
			continue
		}
		if hz, aperiodicity := pitch(x, r.rate); aperiodicity < deep {
			r.spans = append(r.spans, span{from, from + hop, hz, 0})
		}
	}
	return r, nil
}

func rms(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	return math.Sqrt(sum / float64(len(x)))
}

// save writes windows to a WAV file, one after the other. Each fades in and out, over
// 4 ms at 8 kHz, so that it does not click.
func save(name string, rate int, windows [][]float64) error {
	const fade = window / 16
	x := mat.NewDense(len(windows)*window, 1, nil)
	for i, row := range windows {
		for k, v := range row {
			v *= min(1, float64(min(k+1, window-k))/fade)
			x.Set(i*window+k, 0, min(max(v, -1), 1))
		}
	}
	return signal.WriteFile(name, &signal.Signal{Rate: rate, X: x})
}
