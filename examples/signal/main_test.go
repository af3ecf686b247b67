package main

import (
	"bytes"
	"context"
	"io"
	"math"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"

	"github.com/gradlogp/gradlogp/dataset/signal"
	"github.com/gradlogp/gradlogp/examples/internal/command"
	"github.com/gradlogp/gradlogp/examples/internal/command/commandtest"
	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
)

func small(t *testing.T, args ...string) *job {
	j := &job{}
	require.NoError(t, command.Parse("signal", j, append([]string{"-out", "-", "-wav", "-", "-steps", "2", "-batch", "4", "-n", "20"}, args...)))
	return j
}

func smallNetwork(t *testing.T) {
	before := unet
	t.Cleanup(func() { unet = before })
	unet = nn.UNet{Size: []int{window}, Patch: 16, Channels: []int{8, 8}, Out: 1}
}

func TestOutputDoesNotDependOnWorkers(t *testing.T) {
	smallNetwork(t)
	stdout, _ := commandtest.Same(t, func(workers string) (command.Job, []string) {
		out, wav := filepath.Join(t.TempDir(), "signal.png"), filepath.Join(t.TempDir(), "signal.wav")
		return small(t, "-notes", "120", "-workers", workers, "-out", out, "-wav", wav), []string{out, wav}
	})
	require.Contains(t, stdout, "2 of 2 steps, seed 0")
	require.Regexp(t, `within 50 cents .* 1.000 \(20 of 20\)`, stdout)
}

func TestPitchOfATone(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, worst := make([]float64, window), 0.0
	for range 200 {
		v := newTone(rng)
		v.sing(x, rate, rng.Float64(), rng)
		hz, aperiodicity := pitch(x, rate)
		require.Less(t, aperiodicity, deep)
		worst = max(worst, math.Abs(cents(hz, v.pitch)))
	}
	require.Less(t, worst, 2.0)
}

func TestPitchOfASine(t *testing.T) {
	x := make([]float64, window)
	for hz := 70.0; hz < 440; hz *= 1.01 {
		for i := range x {
			x[i] = 3*math.Sin(2*math.Pi*hz*float64(i)/rate+hz) + 5
		}
		got, aperiodicity := pitch(x, rate)
		require.InDelta(t, 0, cents(got, hz), 2, "%v Hz", hz)
		require.Less(t, aperiodicity, deep)
	}
}

func TestNoiseAndSilenceHaveNoPitch(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	x := make([]float64, window)
	hz, aperiodicity := pitch(x, rate)
	require.True(t, math.IsNaN(hz))
	require.Equal(t, 1.0, aperiodicity)
	require.True(t, math.IsInf(median([]float64{hz, hz, 1}), 1))
	for range 20 {
		for i := range x {
			x[i] = rng.NormFloat64()
		}
		_, aperiodicity := pitch(x, rate)
		require.Greater(t, aperiodicity, 0.4)
	}
}

// A sine of amplitude a has 20 log a dB at its frequency, and only its neighbours are not 0.
func TestSpectrumOfASine(t *testing.T) {
	x := mat.NewDense(2, window, nil)
	for i := range window {
		x.Set(0, i, 0.1*math.Sin(2*math.Pi*40*float64(i)/window+0.3))
	}
	s := spectra(x)
	require.InDelta(t, -20, s.At(0, 40), 1e-6)
	require.InDelta(t, -26.02, s.At(0, 41), 1e-2)
	require.InDelta(t, -100, s.At(0, 43), 1e-6)
	require.InDelta(t, -100, s.At(1, 40), 1e-6)
	require.InDelta(t, 80/math.Sqrt(bins), distance([]float64{80, 0}, []float64{0, 0})*math.Sqrt(2./bins), 1e-12)
}

func TestTheVoiceHasTheGainAndTheFormants(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	x := mat.NewDense(1, window, nil)
	for k := range vowels {
		tone{pitch: 31.25 * 4, vowel: k, mouth: 1, gain: 0.3}.sing(x.RawRowView(0), rate, 0.2, rng)
		require.InDelta(t, 0.3, rms(x.RawRowView(0)), 0.3e-9) // whole periods
		s := spectra(x)
		best := 4
		for h := 4; h < 40; h += 4 {
			if s.At(0, h) > s.At(0, best) {
				best = h
			}
		}
		require.InDelta(t, formants[k][0], float64(best)*rate/window, 125, vowels[k])
	}
}

func TestPartsShareNoPoint(t *testing.T) {
	r := sing(3, 230)
	used := make([]int, len(r.wave)) // by a part
	total := 0
	for i, p := range r.parts() {
		for _, s := range p.spans {
			total++
			for k := s.from; k < s.to+window-1; k++ {
				if used[k] != 0 {
					require.Equal(t, i+1, used[k])
				}
				used[k] = i + 1
			}
		}
	}
	require.Equal(t, 230, total)
	for i, want := range []int{160, 20, 50} {
		require.Equal(t, want, len(r.parts()[i].spans))
	}
}

// What the voice has sung is read from a file as it is, but for the names of its vowels.
func TestAFileIsLearnedFrom(t *testing.T) {
	smallNetwork(t)
	r := sing(3, 100)
	x := mat.NewDense(2*len(r.wave), 2, nil) // in stereo, at twice the rate
	for i := range 2 * len(r.wave) {
		x.SetRow(i, []float64{r.wave[i/2], 0})
	}
	name := filepath.Join(t.TempDir(), "voice.wav")
	require.NoError(t, signal.WriteFile(name, &signal.Signal{Rate: 2 * rate, X: x, Encoding: signal.Float32}))
	got, err := read(name)
	require.NoError(t, err)
	require.Equal(t, rate, got.rate)
	require.InDelta(t, r.wave[1000], 2*got.wave[1000], 1e-6)
	near := 0
	for _, s := range got.spans {
		if i := s.from / note; (s.to+window-2)/note == i {
			require.InDelta(t, 0, cents(s.pitch, r.spans[i].pitch), 2)
			near++
		}
	}
	require.Greater(t, near, 500)

	var b bytes.Buffer
	require.NoError(t, small(t, "-data", name).Run(context.Background(), &b, io.Discard))
	require.Contains(t, b.String(), "distance of mean spectra, all, dB")
	require.NotContains(t, b.String(), "trees")
}

func TestAFileOfNoUseIsRefused(t *testing.T) {
	name := filepath.Join(t.TempDir(), "voice.wav")
	for rate, says := range map[int]string{8000: "voice.wav: 0 windows", 4000: "4000 points a second"} {
		require.NoError(t, signal.WriteFile(name, &signal.Signal{Rate: rate, X: mat.NewDense(8000, 1, nil)}))
		_, err := small(t, "-data", name).recording()
		require.ErrorContains(t, err, says)
	}
}

func TestImpossibleFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-steps", "0"}, {"-rate", "Inf"}, {"-n", "1"}, {"-rate", "NaN"}, {"-notes", "1"}, {"-notes", "99"}, {"-out", "same", "-wav", "same"}, {"-data", "no.wav"}, {"-out", "no/such/folder/a.png"}, {"-out", "-", "-wav", "no/such/folder/a.wav"}} {
		require.Error(t, command.Parse("signal", &job{}, args))
	}
}

func TestTheNetworkHearsThePitch(t *testing.T) {
	const n = 20
	rng := rand.New(rand.NewPCG(1, 1))
	x, pitches, other := make([]float64, n*window), make([]float64, n), make([]float64, n)
	for i := range n {
		v := newTone(rng)
		v.breath = 0
		v.sing(x[i*window:(i+1)*window], rate, rng.Float64(), rng)
		pitches[i], other[i] = v.pitch, v.pitch*1.06
	}
	in, pitch := ad.Input("x", window), ad.Input("pitch", 1)
	_, rest := harmonic(in, pitch, rate)
	left := func(pitches []float64) float64 {
		out := ad.Eval([]*ad.Expr{rest}, n, nil, nil, map[*ad.Expr][]float64{in: x, pitch: pitches})
		return rms(out[0]) / rms(x)
	}
	require.Less(t, left(pitches), 0.02)
	require.Greater(t, left(other), 0.3) // a semitone off
}
