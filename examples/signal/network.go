package main

import (
	"math"

	"github.com/gradlogp/gradlogp/nn"
	"github.com/gradlogp/gradlogp/nn/ad"
	"github.com/gradlogp/gradlogp/score"
)

// unet has three levels, of 32, 16 and 8 positions, with attention between those of the
// lowest.
var unet = nn.UNet{Size: []int{window}, Patch: 8, Channels: []int{64, 96, 128}, Kernel: []int{5}, Heads: 4, Out: 1}

// conditions are the logarithm of the pitch and the vowel.
func conditions(vowels int) score.Conditions {
	return score.Conditions{Columns: 1, Classes: []int{vowels}}
}

// tuned is a network of one's own. Body hears the sound x in two parts, what in it has
// the pitch f that is asked for and what has not,
//
//	y_t = Σ_k a_k cos 2πkft + b_k sin 2πkft nearest to x,   r = (x − y)/rms(x − y),
//
// with all harmonics kf below half the rate. A network that is told the pitch as a number
// only has to learn such a filter for every pitch. Both parts are also added to what Body
// says, times numbers that depend on time and conditions c:
//
//	F = Body(y, r) + g₁ y + g₂ r,   (g₁, g₂) = SiLU(c A + a) G + g.
type tuned struct {
	Body            nn.Module
	Rate            float64 // points a second
	Mean, Deviation float64 // of the logarithms of the pitches
}

// newTuned returns the network for the pitches of a recording.
func newTuned(r *recording) tuned {
	n, sum, squares := float64(len(r.spans)), 0.0, 0.0
	for _, s := range r.spans {
		v := math.Log(s.pitch)
		sum += v
		squares += v * v
	}
	mean := sum / n
	return tuned{unet, float64(r.rate), mean, math.Sqrt(max(squares/n-mean*mean, 0))}
}

// Apply implements nn.Module. The first condition is the standardised logarithm of the
// pitch.
func (t tuned) Apply(b *nn.Build, x *ad.Expr) *ad.Expr {
	y, rest := harmonic(x, ad.Exp(ad.Shift(ad.Scale(t.Deviation, ad.Slice(b.Cond, 0, 1)), t.Mean)), t.Rate)
	power := ad.Scale(1./window, ad.SumCols(ad.Square(rest)))
	rest = ad.Div(rest, ad.Sqrt(ad.Shift(power, 1e-6)))
	both := ad.Gather(ad.Concat(y, rest), alternating)
	told := ad.Concat(b.Apply(nn.TimeFourier{}, b.Time), b.Cond)
	gains := b.Apply(nn.Sequential{nn.Linear{Out: 64}, nn.SiLU{}, nn.Linear{Out: 2, Init: nn.Zeros{}}}, told)
	direct := ad.Add(ad.Mul(ad.Slice(gains, 0, 1), y), ad.Mul(ad.Slice(gains, 1, 2), rest))
	return ad.Add(ad.Regroup(b.Apply(t.Body, both), 1), direct)
}

// alternating puts two channels, one after the other in a row, side by side at every point.
var alternating = func() *ad.Table {
	order := make([]int, 0, 2*window)
	for i := range window {
		order = append(order, i, window+i)
	}
	return ad.NewTable([][]int{order}, 2*window, 1)
}()

const (
	harmonics = 40 // as many as there are below 4 kHz at the lowest pitch
	descents  = 3  // steps of gradient descent, in which the harmonics are nearly at right angles
)

// harmonic returns the harmonics of a pitch that are nearest to x, and what is left.
func harmonic(x, pitch *ad.Expr, rate float64) (y, rest *ad.Expr) {
	angles, orders := make([]float64, 0, window*harmonics), make([]float64, harmonics)
	for i := range window {
		for k := range orders {
			orders[k] = float64(k + 1)
			angles = append(angles, 2*math.Pi*orders[k]*(float64(i)-window/2)/rate)
		}
	}
	phase := ad.Regroup(ad.Mul(pitch, ad.Row(angles)), window)
	waves := ad.Concat(ad.Cos(phase), ad.Sin(phase))
	heard := ad.Step(ad.Shift(ad.Neg(ad.Mul(pitch, ad.Row(orders))), rate/2))
	heard = ad.Scale(2./window, ad.Concat(heard, heard))
	y, rest = ad.Scale(0, x), x
	for range descents {
		y = ad.Add(y, ad.RowMatMulT(ad.Mul(ad.RowMatMul(rest, waves, 1), heard), waves, 1))
		rest = ad.Sub(x, y)
	}
	return y, rest
}
